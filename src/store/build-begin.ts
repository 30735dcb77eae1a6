/** Who builds an index: the first to ask, until the build ends or its owner is not heard of for as long as it said. */
import { SluiceError } from '../base/errors.ts';
import { dropBuild } from './build-ends.ts';
import { holdBuild } from './build-lease.ts';
import type { BuildStart } from './builds.ts';
import { type Clock, nowParam, nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { checkIndexName } from './index-name.ts';

const DEFAULT_LEASE_MS = 60_000;

type Begun = { readonly build: number; readonly resumed: boolean };

export async function beginBuild(
  database: Database,
  clock: Clock | undefined,
  index: string,
  start: BuildStart,
): Promise<Begun> {
  const { settingsHash, owner, leaseMs = DEFAULT_LEASE_MS } = start;
  checkIndexName(index);
  return database.transaction(async (queries) => {
    const indexId = await lockIndex(queries, index);
    const [open] = await queries.query<{ build: number; owner: string; settingsHash: string; live: boolean }>(
      `select build, owner, settings_hash as "settingsHash", expires_at > ${nowSql('$2')} as live
       from build where index_id = $1 and state = 'open'`,
      [indexId, nowParam(clock)],
    );
    if (open !== undefined) {
      if (open.owner !== owner && open.live) throw building(index, open.owner);
      if (open.owner === owner && open.settingsHash === settingsHash) {
        await holdBuild(queries, { index, build: open.build, clock });
        return { build: open.build, resumed: true };
      }
      await dropBuild(queries, { indexId, build: open.build });
    }
    const [begun] = await queries.query<{ build: number }>(
      `insert into build (index_id, build, settings_hash, owner, state, lease_ms, expires_at)
       select $1, coalesce(max(build), 0) + 1, $2, $3, 'open', $4::int, ${nowSql('$5')} + $4::int * interval '1 millisecond'
       from build where index_id = $1 returning build`,
      [indexId, settingsHash, owner, leaseMs, nowParam(clock)],
    );
    return { build: begun!.build, resumed: false };
  });
}

/** The index's id; its row stays locked, so that one build begins at a time. */
async function lockIndex(queries: Queries, index: string): Promise<number> {
  const [row] = await queries.query<{ indexId: number }>(
    `insert into search_index (name) values ($1)
     on conflict (name) do update set name = excluded.name returning index_id as "indexId"`,
    [index],
  );
  return row!.indexId;
}

const building = (index: string, owner: string): SluiceError =>
  new SluiceError('index_building', {
    message: `the index '${index}' is being built by ${owner}`,
    remedy: 'wait until that ingest ends; if its process is dead, its claim ends by itself within a minute or so',
    retryable: true,
    data: { index, owner },
  });
