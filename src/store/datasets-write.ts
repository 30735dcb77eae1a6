/**
 * Writing versions of datasets. Examples and the list of them come first, in batches, all under hashes of their content,
 * so that each statement may be made twice; the version's own row comes last, in one transaction: a version is there
 * whole or not at all.
 */

import { SluiceError } from '../base/errors.ts';
import { contentHash, DATASET_LIMITS, type Example, type Member, memberOf } from '../model/dataset.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { batches } from './batches.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { DatasetVersion, PutOutcome } from './datasets.ts';
import { checkDatasetName, findDataset, versionOf } from './datasets-find.ts';
import { countVersionRows } from './vacuum.ts';

/** Of one statement. */
const BATCH = { rows: 1_000, bytes: 4_000_000 };
/** How often `add` begins anew because another process has changed the dataset meanwhile. */
const ADD_TRIES = 20;

interface Writing {
  readonly name: string;
  readonly origin: string;
  /** Who does it: then it is audited. */
  readonly by?: string;
  /** Null: the database's own time. */
  readonly now: Date | null;
}

export async function putVersion(
  database: Database,
  { examples, ...writing }: Writing & { readonly examples: readonly Example[] },
): Promise<PutOutcome> {
  checkDatasetName(writing.name);
  const members = await writeExamples(database, examples);
  const version = contentHash(members);
  await writeMembers(database, version, members);
  // Without a condition, it always becomes the current one.
  return (await makeCurrent(database, { ...writing, version, count: members.length }))!;
}

export async function addExample(
  database: Database,
  { example, ...adding }: Writing & { readonly example: Example; readonly mayBegin: boolean },
): Promise<PutOutcome> {
  const { added, ...outcome } = await addExamples(database, { ...adding, examples: [example] });
  const [known] = added.length > 0 ? [] : await membersOf(database, outcome.version.version, example.id);
  if (known !== undefined && known.hash !== memberOf(example).hash) throw exampleExists(adding.name, example.id);
  return outcome;
}

/** Those whose id is there already stay as they are. @param examples each id once */
export async function addExamples(
  database: Database,
  { examples, mayBegin, ...writing }: Writing & { readonly examples: readonly Example[]; readonly mayBegin: boolean },
): Promise<PutOutcome & { readonly added: readonly string[] }> {
  checkDatasetName(writing.name);
  const given = await writeExamples(database, examples);
  for (let tries = 0; tries < ADD_TRIES; tries += 1) {
    const current = await currentOf(database, writing.name, mayBegin);
    const members = current === undefined ? [] : await membersOf(database, current.version);
    const known = new Set(members.map(({ id }) => id));
    const fresh = given.filter(({ id }) => !known.has(id));
    if (current !== undefined && fresh.length === 0) return { created: false, version: current, added: [] };
    const all = [...members, ...fresh];
    if (all.length > DATASET_LIMITS.examples) throw tooLong(writing.name);
    const version = contentHash(all);
    await writeMembers(database, version, all);
    const outcome = await makeCurrent(database, {
      ...{ ...writing, version, count: all.length },
      instead: current?.version ?? null,
    });
    if (outcome !== undefined) return { ...outcome, added: fresh.map(({ id }) => id) };
  }
  throw new SluiceError('dataset_changed', {
    message: `'${writing.name}' was changed by others each of the ${ADD_TRIES} times it was to be added to`,
    remedy: 'add it again when they are done',
    retryable: true,
    data: { name: writing.name },
  });
}

/** @throws SluiceError `dataset_unknown`, unless there may be none yet */
async function currentOf(database: Database, name: string, mayBegin: boolean): Promise<DatasetVersion | undefined> {
  try {
    return await findDataset(database, name);
  } catch (error) {
    if (mayBegin && error instanceof SluiceError && error.code === 'dataset_unknown') return undefined;
    throw error;
  }
}

/** A member with the tags of its example. */
interface Listed extends Member {
  readonly tags: readonly string[];
}

function membersOf(database: Database, version: string, id: string | null = null): Promise<readonly Listed[]> {
  return database.query<Listed>(
    `select example_id as id, example_hash as hash, tags from version_example
     where version = $1 and ($2::text is null or example_id = $2)`,
    [version, id],
  );
}

async function writeExamples(database: Database, examples: readonly Example[]): Promise<readonly Listed[]> {
  const rows = examples.map((example) => ({ ...memberOf(example), body: canonicalJson(example as unknown as Json) }));
  for (const batch of batches(rows, BATCH, ({ body }) => body.length))
    await database.query(
      `insert into example (hash, body) select hash, body::json from unnest($1::text[], $2::text[]) as given (hash, body)
       on conflict do nothing`,
      [batch.map(({ hash }) => hash), batch.map(({ body }) => body)],
    );
  return rows.map(({ id, hash }, place) => ({ id, hash, tags: examples[place]!.tags ?? [] }));
}

async function writeMembers(database: Database, version: string, members: readonly Listed[]): Promise<void> {
  for (const batch of batches(members, BATCH, ({ id, tags }) => id.length + tags.join().length))
    await database.query(
      `insert into version_example (version, example_id, example_hash, tags)
       select $1, id, hash, array(select json_array_elements_text(tags))
       from unnest($2::text[], $3::text[], $4::text[]::json[]) as given (id, hash, tags) on conflict do nothing`,
      [
        version,
        batch.map(({ id }) => id),
        batch.map(({ hash }) => hash),
        batch.map(({ tags }) => JSON.stringify(tags)),
      ],
    );
  if (members.length >= BATCH.rows) await countVersionRows(database);
}

interface Naming extends Writing {
  readonly version: string;
  readonly count: number;
  /** Only if this one is current still, or none, for null; absent: whatever is. */
  readonly instead?: string | null;
}

/** Makes the name mean the version, whose examples are there; undefined where another than `instead` is current. */
async function makeCurrent(database: Database, naming: Naming): Promise<PutOutcome | undefined> {
  const { name, version, count, origin, by, instead, now } = naming;
  return database.transaction(async (queries) => {
    await queries.query(`insert into dataset (name, created_at) values ($1, ${nowSql('$2')}) on conflict do nothing`, [
      name,
      now,
    ]);
    // From here on, one at a time.
    const [dataset] = await queries.query<{ current: string | null }>(
      'select current_version as current from dataset where name = $1 for update',
      [name],
    );
    if (instead !== undefined && dataset!.current !== instead) return undefined;
    const made = await queries.query(
      `insert into dataset_version (dataset, version, sequence, examples, origin, created_at)
       select $1, $2, coalesce(max(sequence), 0) + 1, $3, $4, ${nowSql('$5')} from dataset_version where dataset = $1
       on conflict (dataset, version) do nothing returning sequence`,
      [name, version, count, origin, now],
    );
    await queries.query('update dataset set current_version = $2 where name = $1', [name, version]);
    const change = { action: 'dataset.add', subject: name, was: { version: dataset!.current } };
    if (by !== undefined)
      await writeAudit(
        queries,
        { ...change, who: by, isNow: { version, examples: count }, why: `from ${origin}` },
        now,
      );
    return { created: made.length > 0, version: (await versionOf(queries, name, version))! };
  });
}

function exampleExists(name: string, id: string): SluiceError {
  return new SluiceError('example_exists', {
    message: `'${name}' has another example '${id}'`,
    remedy: 'give the new one an id of its own: --id ID',
    data: { name, id },
  });
}

function tooLong(name: string): SluiceError {
  return new SluiceError('dataset_too_long', {
    message: `'${name}' has ${DATASET_LIMITS.examples.toLocaleString('en')} examples, which is as many as are allowed`,
    remedy: 'begin another dataset',
    data: { name, limit: DATASET_LIMITS.examples },
  });
}
