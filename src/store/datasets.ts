/**
 * Datasets: names, versions and examples. A version never changes: each change makes a new one, and shared examples are
 * stored once.
 */

import { SluiceError } from '../base/errors.ts';
import { showTime, showWhole } from '../base/format.ts';
import { contentHash, DATASET_LIMITS, type Example, type Member, memberOf, type Split } from '../model/dataset.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import { batches, type Database } from './database.ts';
import {
  checkDatasetName,
  countMembers,
  diffVersions,
  eachExample,
  findDataset,
  IS_FINAL,
  listDatasets,
  readAll,
  readPage,
  versionOf,
  versionsOf,
} from './datasets-read.ts';
import { countVersionRows } from './vacuum.ts';

/** Times are milliseconds since the epoch. */
export interface DatasetVersion {
  readonly dataset: string;
  /** The hash of its content, 64 hex digits. */
  readonly version: string;
  /** From 1. */
  readonly sequence: number;
  readonly examples: number;
  /** What it was made from: `questions.jsonl`, `run run-7d2…`. */
  readonly origin: string;
  readonly createdAt: number;
  /** Whether the dataset's name means this one. */
  readonly isCurrent: boolean;
}

export interface PutOutcome {
  /** False: the dataset has had a version of this content before, and that one is current now. */
  readonly created: boolean;
  readonly version: DatasetVersion;
}

export interface ExampleFilter {
  readonly split?: Split | undefined;
  readonly tag?: string | undefined;
  readonly id?: string | undefined;
  /** The id that the page before ended with. */
  readonly after?: string | undefined;
  /** How many are passed over, of those that fit; default 0. */
  readonly offset?: number | undefined;
  /** Of a page; default, and at most, 1,000. */
  readonly limit?: number | undefined;
}

export interface DatasetDiff {
  /** Ids, in order. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly same: number;
}

export interface DatasetMember {
  readonly hash: string;
  readonly example: Example;
}

export const createDatasets = (database: TimedDatabase) =>
  bound(database, {
    put: putVersion,
    add: addExample,
    addAll: addExamples,
    list: listDatasets,
    versions: versionsOf,
    find: findDataset,
    examples: readPage,
    eachExample,
    eachMember: readAll,
    countExamples: countMembers,
    diff: diffVersions,
    useFinal,
    finalUses: finalUsesOf,
  });
export type Datasets = ReturnType<typeof createDatasets>;

// Writing versions of datasets. Examples and the list of them come first, in batches, all under hashes of their content,
// so that each statement may be made twice; the version's own row comes last, in one transaction: a version is there
// whole or not at all.

/** Of one statement. */
const BATCH = { rows: 1_000, bytes: 4_000_000 };
/** How often `add` begins anew because another process has changed the dataset meanwhile. */
const ADD_TRIES = 20;

/**
 * Makes the dataset's name mean these examples, in a new version if it has had none of this content. Nothing of it is
 * seen before all of it is there; it may be called again after any failure.
 *
 * @param examples valid, as `readDataset` gives them: each id once
 * @throws SluiceError `dataset_name_invalid`
 */
async function putVersion(
  database: TimedDatabase,
  name: string,
  examples: readonly Example[],
  origin: string,
): Promise<PutOutcome> {
  checkDatasetName(name);
  const members = await writeExamples(database, examples);
  const version = contentHash(members);
  await writeMembers(database, version, members);
  // Without a condition, it always becomes the current one.
  return (await makeCurrent(database, { name, origin, version, count: members.length }))!;
}

export interface AddOptions {
  /** Begins the dataset where there is none of that name. */
  readonly mayBegin?: boolean;
}

/**
 * Adds one example to the current version.
 *
 * @throws SluiceError `dataset_name_invalid`, `dataset_unknown`, `example_exists` where another example has that id,
 *   `dataset_changed` when others change it all the time, `dataset_too_long`
 */
async function addExample(
  database: TimedDatabase,
  name: string,
  example: Example,
  origin: string,
  { mayBegin = false }: AddOptions = {},
): Promise<PutOutcome> {
  const { added, ...outcome } = await addExamples(database, name, [example], origin, { mayBegin });
  const [known] = added.length > 0 ? [] : await membersOf(database, outcome.version.version, example.id);
  if (known !== undefined && known.hash !== memberOf(example).hash) throw exampleExists(name, example.id);
  return outcome;
}

/**
 * Adds examples in one new version; existing ids keep their example.
 *
 * @param examples each id once
 * @param options `by`: the author, for the audit
 * @throws SluiceError as `add`, except `example_exists`
 */
async function addExamples(
  database: TimedDatabase,
  name: string,
  examples: readonly Example[],
  origin: string,
  { mayBegin = false, by }: AddOptions & { readonly by?: string } = {},
): Promise<PutOutcome & { readonly added: readonly string[] }> {
  checkDatasetName(name);
  const given = await writeExamples(database, examples);
  for (let tries = 0; tries < ADD_TRIES; tries += 1) {
    const current = await currentOf(database, name, mayBegin);
    const members = current === undefined ? [] : await membersOf(database, current.version);
    const known = new Set(members.map(({ id }) => id));
    const fresh = given.filter(({ id }) => !known.has(id));
    if (current !== undefined && fresh.length === 0) return { created: false, version: current, added: [] };
    const all = [...members, ...fresh];
    if (all.length > DATASET_LIMITS.examples) throw tooLong(name);
    const version = contentHash(all);
    await writeMembers(database, version, all);
    const outcome = await makeCurrent(database, {
      ...{ name, origin, by, version, count: all.length },
      instead: current?.version ?? null,
    });
    if (outcome !== undefined) return { ...outcome, added: fresh.map(({ id }) => id) };
  }
  throw new SluiceError('dataset_changed', {
    message: `'${name}' was changed by others each of the ${ADD_TRIES} times it was to be added to`,
    remedy: 'add it again when they are done',
    retryable: true,
    data: { name: name },
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

interface Naming {
  readonly name: string;
  readonly origin: string;
  /** Who does it: then it is audited. */
  readonly by?: string | undefined;
  readonly version: string;
  readonly count: number;
  /** Required current version; null: none; absent: any. */
  readonly instead?: string | null;
}

/** Makes the version current, whose examples are stored; undefined when another than `instead` is current. */
async function makeCurrent(database: TimedDatabase, naming: Naming): Promise<PutOutcome | undefined> {
  const { name, version, count, origin, by, instead } = naming;
  const now = database.now();
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
    message: `'${name}' has ${showWhole(DATASET_LIMITS.examples)} examples, which is as many as are allowed`,
    remedy: 'begin another dataset',
    data: { name, limit: DATASET_LIMITS.examples },
  });
}

// Uses of final splits. A split that is looked at again and again until something wins proves nothing, so each is used
// once for a purpose, and the row that says so is written before the evaluation starts.

export interface NewFinalUse {
  /** What is decided by it, such as `promote docs-bot`: one use each. */
  readonly purpose: string;
  /** Who asked for it. */
  readonly usedBy: string;
  readonly planIds: readonly string[];
  readonly evaluationId: string;
}

export interface FinalUse extends NewFinalUse {
  readonly dataset: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

const COLUMNS = `purpose, dataset, version, used_by as "usedBy", plan_ids as "planIds", evaluation_id as "evaluationId",
  used_at as "usedAt"`;
const SHORT = 12;
const MOST_USES = 1_000;

/**
 * Records the use of a version's final split, before it is used. The same evaluation may ask again.
 *
 * @throws SluiceError `final_used` when another evaluation has used it for this purpose, with the time and plans;
 * `final_empty` when the version has no final examples
 */
async function useFinal(
  database: TimedDatabase,
  { dataset, version }: Pick<DatasetVersion, 'dataset' | 'version'>,
  use: NewFinalUse,
): Promise<FinalUse> {
  const split = await finalHash(database, version);
  if (split === undefined)
    throw new SluiceError('final_empty', {
      message: `version ${version.slice(0, SHORT)} of '${dataset}' has no final examples`,
      remedy: 'tag the examples that are kept for the end: "tags": ["final"]',
      data: { dataset, version },
    });
  const { purpose, usedBy, planIds, evaluationId } = use;
  await database.query(
    `insert into final_use (split_hash, purpose, dataset, version, used_by, plan_ids, evaluation_id, used_at)
     values ($1, $2, $3, $4, $5, $6, $7, ${nowSql('$8')}) on conflict do nothing`,
    [split, purpose, dataset, version, usedBy, JSON.stringify(planIds), evaluationId, database.now()],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<FinalUse>(
    `select ${COLUMNS} from final_use where split_hash = $1 and purpose = $2`,
    [split, purpose],
  );
  if (row!.evaluationId !== evaluationId) throw finalUsed(row!);
  return row!;
}

/** Every use of the final split of a version, the newest first. */
async function finalUsesOf(database: Database, version: string): Promise<readonly FinalUse[]> {
  const split = await finalHash(database, version);
  if (split === undefined) return [];
  return database.query<FinalUse>(
    `select ${COLUMNS} from final_use where split_hash = $1 order by used_at desc, purpose limit ${MOST_USES}`,
    [split],
  );
}

/** The identity of a version's final examples; undefined where it has none. */
async function finalHash(database: Database, version: string): Promise<string | undefined> {
  const members = await database.query<Member>(
    `select member.example_id as id, member.example_hash as hash
     from version_example as member where member.version = $1 and ${IS_FINAL}`,
    [version],
  );
  return members.length === 0 ? undefined : contentHash(members);
}

function finalUsed({ purpose, dataset, version, usedBy, planIds, evaluationId, usedAt }: FinalUse): SluiceError {
  const plans = planIds.map((planId) => planId.slice(0, SHORT)).join(', ');
  return new SluiceError('final_used', {
    message:
      `the final split of '${dataset}' (version ${version.slice(0, SHORT)}) was used for '${purpose}' before: ` +
      `by ${usedBy}, ${showTime(usedAt, 'minutes')}, on ${plans || 'no plans'}, in evaluation ${evaluationId}`,
    remedy: 'decide by that evaluation, or collect new final examples; dev may be used as often as you like',
    data: { purpose, dataset, version, usedBy, planIds, evaluationId, usedAt },
  });
}
