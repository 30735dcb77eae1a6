/** What an index holds, read from its tables: enough to compare two snapshots passage by passage, and to see leftovers. */
import type { Database } from '../../src/store/database.ts';

export interface Contents {
  readonly hash: string;
  readonly passages: readonly StoredPassage[];
  /** Rows that no snapshot shows: of documents, passages, words and vectors. */
  readonly leftovers: number;
}

export interface StoredPassage {
  readonly id: string;
  readonly document: string;
  readonly ordinal: number;
  readonly text: string;
  readonly title: string | null;
  readonly heading: readonly string[];
  readonly tokens: number;
  /** Its words with their frequencies, and its vector, each as a digest. */
  readonly words: string;
  readonly vector: string | null;
}

/** Of an index with a single snapshot. */
export async function contentsOf(database: Database, index: string): Promise<Contents> {
  const [found] = await database.query<{ hash: string; indexId: number; sequence: number; embeddingNo: number }>(
    `select hash, index_id as "indexId", sequence, embedding_no as "embeddingNo"
     from snapshot join search_index using (index_id) where name = $1`,
    [index],
  );
  const { hash, indexId, sequence, embeddingNo } = found!;
  const passages = await database.query<StoredPassage>(
    `with counted as (
       select passage_no, md5(string_agg(term || ' ' || frequency, ',' order by term)) as words
       from posting where index_id = $1 group by passage_no
     )
     select passage_id as id, document_id as document, ordinal, text, title, heading, tokens, counted.words,
            md5(vector::text) as vector
     from passage left join counted using (passage_no)
     left join (select passage_no, vector from passage_vector where embedding_no = $2) as embedded using (passage_no)
     where index_id = $1 and passage.from_sequence = $3 and to_sequence is null
     order by passage_id, passage_no`,
    [indexId, embeddingNo, sequence],
  );
  const [others] = await database.query<{ leftovers: number }>(
    `select (
       (select count(*) from document where index_id = $1 and from_sequence <> $3)
       + (select count(*) from passage where index_id = $1 and from_sequence <> $3)
       + (select count(*) from posting where index_id = $1 and passage_no not in (
            select passage_no from passage where index_id = $1))
       + (select count(*) from passage_vector where embedding_no = $2 and passage_no not in (
            select passage_no from passage where index_id = $1))
       + (select count(*) from embedding where index_id = $1 and embedding_no <> $2)
     )::int as leftovers`,
    [indexId, embeddingNo, sequence],
  );
  return { hash, passages, leftovers: others!.leftovers };
}

export interface Difference {
  /** Beyond the first of an id. */
  readonly twice: number;
  readonly missing: number;
  readonly unknown: number;
  /** Whose text, place, words or vector is another. */
  readonly different: number;
}

/** How `passages` differ from those they should be. */
export function compareContents(passages: readonly StoredPassage[], wanted: readonly StoredPassage[]): Difference {
  const is = new Map(passages.map((passage) => [passage.id, JSON.stringify(passage)]));
  const should = new Map(wanted.map((passage) => [passage.id, JSON.stringify(passage)]));
  return {
    twice: passages.length - is.size,
    missing: [...should.keys()].filter((id) => !is.has(id)).length,
    unknown: [...is.keys()].filter((id) => !should.has(id)).length,
    different: [...should].filter(([id, passage]) => is.has(id) && is.get(id) !== passage).length,
  };
}
