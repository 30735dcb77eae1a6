/** Reading datasets: found by what a user wrote, their examples in pages, and what differs between two versions. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { DATASET_LIMITS, type Example } from '../model/dataset.ts';
import type { Database, Queries } from './database.ts';
import type { DatasetDiff, DatasetMember, DatasetVersion, ExampleFilter } from './datasets.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const SHORT_HASH = 12;
/** Datasets and versions that are listed. */
const MOST = 1_000;

/** Of `dataset` joined with `dataset_version as made`. */
const COLUMNS = `made.dataset, made.version, made.sequence, made.examples, made.origin, made.created_at as "createdAt",
  made.version = dataset.current_version as "isCurrent"`;

/** @throws SluiceError `dataset_name_invalid` */
export function checkDatasetName(name: string): void {
  if (NAME.test(name)) return;
  throw new SluiceError('dataset_name_invalid', {
    message: `'${name.slice(0, 100)}' cannot name a dataset`,
    remedy: 'use 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit: --name NAME',
    data: { name: name.slice(0, 100) },
  });
}

/** Current versions, by name. */
export function listDatasets(database: Database): Promise<readonly DatasetVersion[]> {
  return database.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made
       on made.dataset = dataset.name and made.version = dataset.current_version
     order by dataset.name limit ${MOST}`,
  );
}

/** The newest first. @throws SluiceError `dataset_unknown` */
export async function versionsOf(database: Database, name: string): Promise<readonly DatasetVersion[]> {
  const versions = await database.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made on made.dataset = dataset.name
     where dataset.name = $1 order by made.sequence desc limit ${MOST}`,
    [name],
  );
  if (versions.length === 0) throw await unknownDataset(database, name);
  return versions;
}

/**
 * One version: the current one, or the one with this unique hash prefix.
 *
 * @throws SluiceError `dataset_unknown`, `dataset_version_unknown`, `dataset_version_ambiguous`
 */
export async function findDataset(database: Database, name: string, prefix?: string): Promise<DatasetVersion> {
  const versions = await versionsOf(database, name);
  if (prefix === undefined) return versions.find(({ isCurrent }) => isCurrent)!;
  const begun = prefix === '' ? [] : versions.filter(({ version }) => version.startsWith(prefix));
  if (begun.length === 1) return begun[0]!;
  const shown = (begun.length > 0 ? begun : versions).slice(0, 5).map(({ version }) => version.slice(0, SHORT_HASH));
  if (begun.length > 1)
    throw new SluiceError('dataset_version_ambiguous', {
      message: `several versions of '${name}' begin with '${prefix}'`,
      remedy: `give more of the hash: ${shown.join(', ')}`,
      data: { name, prefix },
    });
  throw new SluiceError('dataset_version_unknown', {
    message: `'${name}' has no version that begins with '${prefix}'`,
    remedy: `the newest are ${shown.join(', ')}`,
    data: { name, prefix },
  });
}

/** One version, where it is there. */
export async function versionOf(queries: Queries, name: string, version: string): Promise<DatasetVersion | undefined> {
  const [row] = await queries.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made on made.dataset = dataset.name
     where dataset.name = $1 and made.version = $2`,
    [name, version],
  );
  return row;
}

async function unknownDataset(queries: Queries, name: string): Promise<SluiceError> {
  const rows = await queries.query<{ name: string }>(`select name from dataset order by name limit ${MOST}`);
  return new SluiceError('dataset_unknown', {
    message: `there is no dataset '${name}'`,
    remedy: suggest(
      name,
      rows.map((row) => row.name),
      `import it: sluice dataset import FILE --name ${name}`,
    ),
    data: { name },
  });
}

/** A page of a version's examples, by id. At most 1,000, in order of their ids. */
export async function readPage(
  database: Database,
  version: string,
  filter: ExampleFilter = {},
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

/** The same with the content hash of each example, as `memberOf` gives it, in order of ids. */
export async function* readAll(
  database: Database,
  version: string,
  filter: ExampleFilter = {},
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

export async function countMembers(database: Database, version: string, filter: ExampleFilter = {}): Promise<number> {
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

/** All examples that fit the filter, page by page. */
export async function* eachExample(
  database: Database,
  version: string,
  filter: Omit<ExampleFilter, 'after' | 'offset' | 'limit'> = {},
): AsyncGenerator<Example> {
  for await (const { example } of readAll(database, version, filter)) yield example;
}
