/** Reading versions of datasets: their examples, in pages, and what differs between two. */
import { DATASET_LIMITS, type Example } from '../evaluation/dataset.ts';
import type { Database } from './database.ts';
import type { DatasetDiff, ExampleFilter } from './datasets.ts';

export async function readPage(
  database: Database,
  version: string,
  filter: ExampleFilter,
): Promise<readonly Example[]> {
  const { split, tag, id, after, limit = DATASET_LIMITS.page } = filter;
  const rows = await database.query<{ body: Example }>(
    `select body from version_example as member join example on example.hash = member.example_hash
     where member.version = $1 and member.example_id > $2
       and ($3::text is null or ($3 = 'final') = ${hasTag("'final'")})
       and ($4::text is null or ${hasTag('$4')})
       and ($5::text is null or member.example_id = $5)
     order by member.example_id limit $6`,
    [version, after ?? '', split ?? null, tag ?? null, id ?? null, Math.min(limit, DATASET_LIMITS.page)],
  );
  return rows.map(({ body }) => body);
}

/** SQL: whether an example has this tag. */
export const hasTag = (tag: string): string =>
  `exists (select from json_array_elements_text(coalesce(body->'tags', '[]')) as each (tag) where each.tag = ${tag})`;

export async function* readAll(database: Database, version: string, filter: ExampleFilter): AsyncGenerator<Example> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: readonly Example[] = await readPage(database, version, { ...filter, after });
    yield* page;
    after = page.length < DATASET_LIMITS.page ? undefined : page.at(-1)!.id;
  }
}

export async function diffVersions(database: Database, from: string, to: string): Promise<DatasetDiff> {
  const rows = await database.query<{ id: string; was: string | null; is: string | null }>(
    `select coalesce(old.example_id, new.example_id) as id, old.example_hash as was, new.example_hash as is
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
