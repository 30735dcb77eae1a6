/**
 * Keyword search: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) over
 * the postings of one snapshot, with N, average length and document frequencies of that snapshot. Words come from
 * PostgreSQL's own English stemming; a query matches by any of its distinct words, and has no operators.
 */
import { SluiceError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import type { Database } from './database.ts';
import { findSnapshot } from './indexes.ts';

export interface KeywordQuery {
  /** Names the query in the answer. */
  readonly id: string;
  readonly query: string;
}

export interface KeywordHit {
  /** The passage's. */
  readonly id: string;
  readonly score: number;
  readonly text: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly heading: readonly string[];
}

export interface KeywordAnswer {
  readonly id: string;
  /** Best first; equal scores by id. Empty when no word of the query is in the index, or all are stop words. */
  readonly hits: readonly KeywordHit[];
}

export interface KeywordOptions {
  /** Hits per query at most, 1 to 100. */
  readonly top: number;
  /** The hash of a snapshot, or the beginning of it; default: the current one. */
  readonly snapshot?: string;
}

export const QUERY_LIMITS = Object.freeze({ queries: 500, characters: 8_000, words: 512, top: 100 });

type Row = KeywordHit & { readonly clear: boolean; readonly queryNo: number | null };

export type Search = ReturnType<typeof createSearch>;

export function createSearch(database: Database) {
  return Object.freeze({
    /**
     * Searches for all queries in one round trip; answers in their order.
     *
     * @throws SluiceError `query_too_large`, `queries_too_many`, `top_invalid`, and those of `indexes.snapshot`.
     */
    async keyword(
      index: string,
      queries: readonly KeywordQuery[],
      { top, snapshot }: KeywordOptions,
    ): Promise<readonly KeywordAnswer[]> {
      checkQueries(queries, top);
      const words = queries.map(({ query }) => wordsOf(query));
      const rows = await database.query<Row>(KEYWORD_SQL, [index, snapshot?.toLowerCase() ?? null, words, top]);
      if (!rows[0]?.clear) await findSnapshot(database, index, snapshot);
      return queries.map(({ id }, place) => ({
        id,
        hits: rows.filter((row) => row.queryNo === place + 1).map(({ clear: _, queryNo: __, ...hit }) => hit),
      }));
    },
  });
}

function checkQueries(queries: readonly KeywordQuery[], top: number): void {
  checkCounts(queries.length, top, QUERY_LIMITS);
  for (const { id, query } of queries) {
    const words = new Set(query.length > QUERY_LIMITS.characters ? [] : wordsOf(query).split(' ')).size;
    if (query.length <= QUERY_LIMITS.characters && words <= QUERY_LIMITS.words) continue;
    throw new SluiceError('query_too_large', {
      message: `the query '${id}' has ${query.length} characters and ${words || 'more than enough'} different words`,
      remedy: `shorten it to ${QUERY_LIMITS.characters} characters and ${QUERY_LIMITS.words} different words`,
      data: { id, characters: query.length },
    });
  }
}

export interface SearchLimits {
  /** Queries at once. */
  readonly queries: number;
  /** Hits per query. */
  readonly top: number;
}

/** @throws SluiceError `top_invalid`, `queries_too_many` */
export function checkCounts(queries: number, top: number, limits: SearchLimits): void {
  if (!Number.isInteger(top) || top < 1 || top > limits.top)
    throw new SluiceError('top_invalid', {
      message: `${top} hits per query were asked for`,
      remedy: `ask for 1 to ${limits.top}`,
    });
  if (queries > limits.queries)
    throw new SluiceError('queries_too_many', {
      message: `${queries} queries were given at once`,
      remedy: `give at most ${limits.queries} at a time`,
    });
}

// The statement behind keyword search. It gives BM25's own ranking, and yet does not score every passage that holds one
// of the query's words (MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995). Once some
// passages have been scored in full, the k-th best of them is a score that every hit must reach. The commonest words,
// all of which together cannot reach it, find no hit by themselves: only passages with one of the rarer words are
// looked at, and under the common words one after the other, while what is left of them might still be enough.
//
// A word is looked up for all the passages in question at once: given an array, PostgreSQL reads a page of the index
// once, however many of them it holds. Looking up each by itself descends the index for every one, at ten times the cost.
//
// Sums that decide what is left out may be off by a little, and are taken to be; the scores of what remains are made anew.

/** The usual values: how soon repetition of a word stops to count, and how much length is held against a passage. */
const K1 = '1.2::float8';
const B = '0.75::float8';

/** Postings of the rarest words that are read for passages to score first. */
const SEED_POSTINGS = 5_000;
/** Passages that are scored in full per hit asked for, to know what a hit must reach. */
const SCORED_PER_HIT = 2;

/** Scores are summed as integers of this scale, so that the order of addition does not matter. */
const FINE = '1e12::float8';
/** How far a sum that decides what is left out may be off: far more than rounding does. */
const SLACK = '1e-6::float8';

/** What one word adds to a passage's score. Always less than the word's weight. */
const ADDED = 'weight * frequency / (frequency + fixed + per_word * words)';

/** A word's postings in the snapshot. `end` must fence it: the planner would else read all postings there are. */
const postings = (end: string) => `
    select passage_no, frequency, words from posting
    where index_id = target.index_id and posting.term = weighed.term and from_sequence <= target.sequence
      and passage_no not in (select passage_no from closed)
    ${end}`;

/** A word's postings in these passages of the snapshot, an array. */
const postingsIn = (passages: string) => `
    select passage_no, frequency, words from posting
    where index_id = target.index_id and posting.term = weighed.term and posting.passage_no = any (${passages})
    offset 0`;

/** The scores of these passages, an array, by all of the query's words. */
const scoresOf = (passages: string) => `
    select passage_no, sum((${FINE} * ${ADDED})::bigint)::bigint as score
    from target cross join weighed cross join lateral (${postingsIn(passages)}) as held
    group by passage_no`;

/** What so many of these passages reach as are asked for: no hit has less. 0 where they are fewer. */
const reachedBy = (passages: string) => `
    select coalesce((
      select score from (${scoresOf(`array(select passage_no from ${passages})`)}) as scored
      order by score desc offset $4 - 1 limit 1
    ), 0) / ${FINE} as reached`;

/** Those of these passages, as arrays, that may reach enough with words that add less than `more` together. */
const mayReach = (sums: string, more: string) => `
      select array_agg(passage_no) as passages, array_agg(score) as scores from ${sums}
      where score + ${more} + ${SLACK} >= reached`;

/** `$1` index, `$2` hash prefix or null, `$3` the queries as words, `$4` hits per query. */
const KEYWORD_SQL = `
with target as materialized (
  select index_id, sequence, passages::float8 as n, ${K1} * (1 - ${B}) as fixed,
         ${K1} * ${B} * passages / nullif(words, 0) as per_word, min(hash) over () = max(hash) over () as one_hash
  from search_index join snapshot using (index_id)
  where name = $1 and ($2::text is null or starts_with(hash, $2))
  order by sequence desc limit 1
), closed as materialized (
  select passage_no from passage join target using (index_id) where to_sequence <= sequence
)
select $2::text is null or one_hash as clear, query_no::int as "queryNo", hit.*
from target left join (unnest($3::text[]) with ordinality as asked (query, query_no) cross join lateral (
  with recursive weighed as materialized (
    -- The query's words, the commonest first: word_no counts from 1, up_to sums the weights from there.
    select term, weight, row_number() over lightest as word_no, sum(weight) over lightest as up_to,
           sum(df) over (order by weight desc, term desc) - df as postings_of_rarer
    from (
      select term, df, ln(1 + (n - df + 0.5::float8) / (df + 0.5::float8)) * (${K1} + 1) as weight
      from target cross join unnest(tsvector_to_array(to_tsvector('english', query))) as word (term)
           cross join lateral (
        select sum(passages)::float8 as df from term_count
        where index_id = target.index_id and term_count.term = word.term and term_count.sequence <= target.sequence
      ) as counted
      where df > 0
    ) as known
    window lightest as (order by weight, term)
  ), seed as materialized (
    select passage_no
    from target cross join weighed
         cross join lateral (${postings(`limit greatest(0, ${SEED_POSTINGS} - postings_of_rarer)`)}) as held
    where postings_of_rarer < ${SEED_POSTINGS}
    group by passage_no order by sum(${ADDED}) desc limit ${SCORED_PER_HIT} * $4::int
  ), split as materialized (
    -- How many of the words are common, and what they could add at most.
    select count(*) as commons, coalesce(max(up_to), 0) as most
    from weighed join (${reachedBy('seed')}) as seeded on up_to <= reached
  ), possible as materialized (
    select passage_no, sum(${ADDED}) as score
    from target cross join split cross join weighed cross join lateral (${postings('offset 0')}) as held
    where word_no > commons
    group by passage_no
  ), likely as materialized (
    select passage_no from possible order by score desc limit ${SCORED_PER_HIT} * $4::int
  ), least as materialized (${reachedBy('likely')}
  ), walk as (
    -- Possible hits under the first word_no words still to be looked up, the weightiest of them next.
    select commons as word_no, passages, scores
    from split cross join least cross join lateral (${mayReach('possible', 'most')}) as left_over
    union all
    select word_no - 1, left_over.passages, left_over.scores
    from target cross join least cross join walk join weighed using (word_no) cross join lateral (${mayReach(
      `(
        select passage_no, sum(score) as score
        from (
          select * from unnest(walk.passages, walk.scores) as known (passage_no, score)
          union all
          select passage_no, ${ADDED} from (${postingsIn('walk.passages')}) as held
        ) as parts
        group by passage_no
      ) as summed`,
      '(up_to - weight)',
    )}) as left_over
  )
  select passage_id as id, score / ${FINE} as score, text, title, url, heading
  from (${scoresOf('(select passages from walk where word_no = 0)::bigint[]')}) as scored join passage using (passage_no)
  order by scored.score desc, passage_id limit $4
) as hit) on true
order by query_no, score desc, id`;
