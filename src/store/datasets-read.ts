/** Reading versions of datasets: their examples, in pages, and what differs between two. */
import { DATASET_LIMITS, type Example } from '../model/dataset.ts';
import type { Database } from './database.ts';
import type { DatasetDiff, DatasetMember, ExampleFilter } from './datasets.ts';

/** At most 1,000, in order of their ids. */
export async function readPage(
  database: Database,
  version: string,
  filter: ExampleFilter,
): Promise<readonly Example[]> {
  return (await readMembers(database, version, filter)).map(({ example }) => example);
}

function readMembers(database: Database, version: string, filter: ExampleFilter): Promise<readonly DatasetMember[]> {
  const { after = '', offset = 0, limit = DATASET_LIMITS.page } = filter;
  // Each example is looked up by itself: so a page costs the same however many there are, also where the database has no
  // statistics of them yet.
  return database.query<DatasetMember>(
    `select member.example_hash as hash, body as example from (
       select example_id, example_hash from version_example as member
       where version = $1 and ${FITS} and example_id > $5
       order by version, example_id offset $6 limit $7
     ) as member
     cross join lateral (select body from example where hash = member.example_hash limit 1) as example
     order by member.example_id`,
    [...fitParams(version, filter), after, offset, Math.min(limit, DATASET_LIMITS.page)],
  );
}

/** In order of their ids. */
export async function* readAll(
  database: Database,
  version: string,
  filter: ExampleFilter,
): AsyncGenerator<DatasetMember> {
  let coming = readMembers(database, version, filter);
  for (;;) {
    const page = await coming;
    const isLast = page.length < DATASET_LIMITS.page;
    if (!isLast) {
      // Read while this one is gone through; who reads no further does not hear of it.
      coming = readMembers(database, version, { ...filter, after: page.at(-1)!.example.id });
      coming.catch(() => undefined);
    }
    yield* page;
    if (isLast) return;
  }
}

export async function countMembers(database: Database, version: string, filter: ExampleFilter): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*) from version_example as member where version = $1 and ${FITS}`,
    fitParams(version, filter),
  );
  return row!.count;
}

/** SQL: whether a member is of the final split. */
export const IS_FINAL = `'final' = any(member.tags)`;

/** SQL: whether a member fits the filter, with the parameters that `fitParams` gives. */
const FITS = `($2::text is null or example_id = $2) and ($3::text is null or ($3 = 'final') = (${IS_FINAL}))
  and ($4::text is null or $4 = any(member.tags))`;

const fitParams = (version: string, { id, split, tag }: ExampleFilter) => [
  version,
  id ?? null,
  split ?? null,
  tag ?? null,
];

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
