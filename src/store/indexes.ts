/** Indexes and their snapshots as readers see them: what was committed, never what is being built. */

import { SluiceError } from '../base/errors.ts';
import { suggestOrMake } from '../base/nearest.ts';
import { bound, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';

const INDEX_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

/** @throws SluiceError `index_name_invalid` */
export function checkIndexName(name: string): void {
  if (INDEX_NAME.test(name)) return;
  throw new SluiceError('index_name_invalid', {
    message: `'${name.slice(0, 100)}' cannot name an index`,
    remedy: 'use 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
  });
}

/**
 * An index at one moment. Equal hashes are equal documents under equal settings, embedded with the same model, however
 * they came to be: any search answers the same.
 */
export interface Snapshot {
  readonly index: string;
  /** SHA-256 over the settings, the model and the sorted (document, content hash), 64 hex digits. */
  readonly hash: string;
  readonly sequence: number;
  readonly settingsHash: string;
  readonly documents: number;
  readonly passages: number;
  /** What its passages are embedded with; null: nothing, it is searched by words only. */
  readonly model: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface IndexRow {
  readonly name: string;
  readonly createdAt: number;
  /** What is searched now; null before the first build is committed. */
  readonly snapshot: Snapshot | null;
}

export interface SnapshotDiff {
  readonly from: Snapshot;
  readonly to: Snapshot;
  /** Document ids, sorted. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

const SNAPSHOT_COLUMNS = `i.name as index, s.hash, s.sequence, s.settings_hash as "settingsHash", s.documents, s.passages,
  (select model from embedding e where e.embedding_no = s.embedding_no) as model, s.created_at as "createdAt"`;

export const createIndexes = (database: TimedDatabase) =>
  bound(database, {
    list: listIndexes,
    get: findIndex,
    snapshots: snapshotsOf,
    snapshot: findSnapshot,
    diff: diffSnapshots,
  });
export type Indexes = ReturnType<typeof createIndexes>;

/** By name. */
async function listIndexes(database: Queries, name?: string): Promise<readonly IndexRow[]> {
  type Row = Partial<Snapshot> & { readonly name: string; readonly indexCreatedAt: number };
  const rows = await database.query<Row>(
    `select i.name, i.created_at as "indexCreatedAt", ${SNAPSHOT_COLUMNS} from search_index i
     left join lateral (select * from snapshot where index_id = i.index_id order by sequence desc limit 1) s on true
     where $1::text is null or i.name = $1 order by i.name`,
    [name ?? null],
  );
  return rows.map(({ name: is, indexCreatedAt: createdAt, ...snapshot }) => ({
    name: is,
    createdAt,
    snapshot: snapshot.hash === null ? null : (snapshot as Snapshot),
  }));
}

/** @throws SluiceError `index_unknown` */
async function findIndex(database: Queries, name: string): Promise<IndexRow> {
  const [found] = await listIndexes(database, name);
  if (found === undefined) throw await unknownIndex(database, name);
  return found;
}

/** All snapshots of an index, newest first. @throws SluiceError `index_unknown` */
async function snapshotsOf(database: Queries, name: string): Promise<readonly Snapshot[]> {
  const snapshots = await database.query<Snapshot>(
    `select ${SNAPSHOT_COLUMNS} from snapshot s join search_index i using (index_id)
     where i.name = $1 order by s.sequence desc`,
    [name],
  );
  if (snapshots.length === 0 && (await listIndexes(database, name)).length === 0)
    throw await unknownIndex(database, name);
  return snapshots;
}

/**
 * The current snapshot, or the newest with this hash prefix.
 *
 * @throws SluiceError `index_unknown`, `index_not_built`, `snapshot_unknown`, `snapshot_ambiguous`
 */
export async function findSnapshot(database: Queries, name: string, hashPrefix?: string): Promise<Snapshot> {
  const snapshots = await snapshotsOf(database, name);
  const [current] = snapshots;
  if (current === undefined)
    throw new SluiceError('index_not_built', {
      message: `the index '${name}' has no finished build`,
      remedy: `let its ingest end, or run \`sluice ingest <folder> --index ${name}\``,
    });
  if (hashPrefix === undefined) return current;
  const matching = snapshots.filter((snapshot) => snapshot.hash.startsWith(hashPrefix.toLowerCase()));
  const hashes = [...new Set(matching.map((snapshot) => snapshot.hash))];
  if (hashPrefix !== '' && hashes.length === 1) return matching[0]!;
  const known = hashes.length > 0 ? hashes : [...new Set(snapshots.map((snapshot) => snapshot.hash))];
  throw new SluiceError(hashes.length > 0 ? 'snapshot_ambiguous' : 'snapshot_unknown', {
    message: `the index '${name}' has ${hashes.length > 0 ? 'several snapshots' : 'no snapshot'} '${hashPrefix}'`,
    remedy: `name one of ${known
      .slice(0, 10)
      .map((hash) => hash.slice(0, 12))
      .join(', ')}`,
    data: { index: name, snapshot: hashPrefix },
  });
}

/** What changed from one snapshot to another, named by hash or the beginning of it. @throws as `snapshot` */
async function diffSnapshots(database: Queries, name: string, from: string, to: string): Promise<SnapshotDiff> {
  const [before, after] = [await findSnapshot(database, name, from), await findSnapshot(database, name, to)];
  const rows = await database.query<{ id: string; before: boolean; after: boolean }>(
    `select document_id as id, bool_or(${visibleAt('d', '$2')}) as before, bool_or(${visibleAt('d', '$3')}) as after
     from document d join search_index i using (index_id)
     where i.name = $1 and (${visibleAt('d', '$2')}) <> (${visibleAt('d', '$3')})
     group by document_id
     -- Two versions may be equal: what was changed, or removed, and is as it was.
     having count(*) = 1 or count(distinct (content_hash, settings_hash)) > 1
     order by document_id`,
    [name, before.sequence, after.sequence],
  );
  const ids = (wasThere: boolean, isThere: boolean) =>
    rows.filter((row) => row.before === wasThere && row.after === isThere).map((row) => row.id);
  return { from: before, to: after, added: ids(false, true), changed: ids(true, true), removed: ids(true, false) };
}

/** The SQL condition that a version of `alias` belongs to the snapshot with this sequence. */
function visibleAt(alias: string, sequence: string): string {
  return `${alias}.from_sequence <= ${sequence} and (${alias}.to_sequence is null or ${alias}.to_sequence > ${sequence})`;
}

async function unknownIndex(database: Queries, name: string): Promise<SluiceError> {
  const indexes = await listIndexes(database);
  return new SluiceError('index_unknown', {
    message: `there is no index '${name}'`,
    remedy: suggestOrMake(
      name,
      indexes.map((index) => index.name),
      `make it: \`sluice ingest <folder> --index ${name}\``,
    ),
    data: { index: name },
  });
}
