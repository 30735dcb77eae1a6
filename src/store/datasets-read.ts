/** Reading versions of datasets: their examples, in pages, and what differs between two. */
import { DATASET_LIMITS, type Example } from '../evaluation/dataset.ts';
import type { Database } from './database.ts';
import type { DatasetDiff, ExampleFilter } from './datasets.ts';

export async function readPage(
  database: Database,
  version: string,
  filter: ExampleFilter,
): Promise<readonly Example[]> {
  const limit = Math.min(filter.limit ?? DATASET_LIMITS.page, DATASET_LIMITS.page);
  const page: Example[] = [];
  for await (const example of readAll(database, version, filter)) {
    page.push(example);
    if (page.length >= limit) break;
  }
  return page;
}

/** In order of their ids, from after `filter.after` on. */
export async function* readAll(database: Database, version: string, filter: ExampleFilter): AsyncGenerator<Example> {
  for (let after: string | undefined = filter.after ?? ''; after !== undefined; ) {
    const members: readonly Read[] = await readMembers(database, version, { ...filter, after });
    for (const { body } of members) if (body !== null) yield body;
    after = members.length < DATASET_LIMITS.page ? undefined : members.at(-1)!.id;
  }
}

interface Read {
  readonly id: string;
  /** Null where the example does not fit the filter. */
  readonly body: Example | null;
}

/**
 * The next members. They are cut off before their examples are looked at, and each example is looked up by itself: so a
 * page costs the same however large the version is, also where the database has no statistics of it yet.
 */
function readMembers(database: Database, version: string, filter: ExampleFilter): Promise<readonly Read[]> {
  const { split, tag, id, after } = filter;
  return database.query<Read>(
    `select member.example_id as id,
       case when ($4::text is null or ($4 = 'final') = ${hasTag("'final'")}) and ($5::text is null or ${hasTag('$5')})
         then body end as body
     from (
       select example_id, example_hash from version_example
       where version = $1 and example_id > $2 and ($3::text is null or example_id = $3)
       order by version, example_id limit ${DATASET_LIMITS.page}
     ) as member
     cross join lateral (select body from example where hash = member.example_hash limit 1) as example
     order by member.example_id`,
    [version, after, id ?? null, split ?? null, tag ?? null],
  );
}

/** SQL: whether an example has this tag. */
export const hasTag = (tag: string): string =>
  `exists (select from json_array_elements_text(coalesce(body->'tags', '[]')) as each (tag) where each.tag = ${tag})`;

export async function diffVersions(database: Database, from: string, to: string): Promise<DatasetDiff> {
  const rows = await database.query<{ id: string; was: string | null; is: string | null }>(
    `select example_id as id, old.example_hash as was, new.example_hash as is
     from (select * from version_example where version = $1) as old
     full join (select * from version_example where version = $2) as new using (example_id)
     order by 1`,
    [from, to],
  );
  const idsWhere = (test: (row: (typeof rows)[number]) => boolean) => rows.filter(test).map(({ id }) => id);
  return {
    added: idsWhere(({ was }) => was === null),
    changed: idsWhere(({ was, is }) => was !== null && is !== null && was !== is),
    removed: idsWhere(({ is }) => is === null),
    same: rows.filter(({ was, is }) => was === is).length,
  };
}
