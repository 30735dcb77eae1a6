/**
 * Starting and stopping monitors. A version is a definition in its exact words: the next words are the next version, and the
 * same ones are the same version again, so that scores that can be compared stand together.
 */

import type { MonitorSpec } from '../model/monitor-spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { auditOf, writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { AuditRow } from './experiments.ts';
import type { MonitorAct, MonitorRow } from './monitors.ts';
import { findMonitor, MONITOR_COLUMNS, runningMonitor } from './monitors-find.ts';
import { skipWaiting } from './monitors-queue.ts';
import { storable } from './storable.ts';

/** Of a name's rows in the audit: experiments have names of their own. */
const subjectOf = (name: string): string => `monitor:${name}`;

/** Two that start the same name at once: one of them waits for the other, and finds what that has done. */
const MOST_TRIES = 10;

export function startMonitor(
  database: Database,
  spec: MonitorSpec,
  act: MonitorAct,
  now: Date | null,
): Promise<MonitorRow> {
  return database.transaction(async (queries) => {
    for (let tries = 1; ; tries += 1) {
      const row = await tryStart(queries, spec, act, now);
      if (row !== undefined) return row;
      if (tries === MOST_TRIES) throw new Error(`'${spec.name}' is started by too many at once`);
    }
  });
}

async function tryStart(
  queries: Queries,
  spec: MonitorSpec,
  { by, why }: MonitorAct,
  now: Date | null,
): Promise<MonitorRow | undefined> {
  const { name, pipeline } = spec;
  const hash = hashJson(spec as unknown as Json);
  const before = await queries.query<{ monitorId: string; hash: string; version: number; state: string }>(
    `select monitor_id as "monitorId", spec_hash as hash, version, state from monitor where name = $1
     order by version for update`,
    [name],
  );
  const same = before.find((each) => each.hash === hash);
  const live = before.find(({ state }) => state === 'running');
  if (live !== undefined && live === same) return runningMonitor(queries, name);
  if (live !== undefined) {
    const isNow = `replaced by version ${same?.version ?? (before.at(-1)?.version ?? 0) + 1}`;
    await stopRow(queries, live.monitorId, isNow, now);
  }
  const version = (before.at(-1)?.version ?? 0) + 1;
  // Nothing is returned where another has been quicker.
  const [row] = same
    ? await queries.query<MonitorRow>(
        `update monitor set state = 'running', starts = starts + 1, stopped_at = null, reason = null, alert = 'unknown',
           alert_since = null, started_by = $2, started_at = ${nowSql('$3')}
         where monitor_id = $1 and state = 'stopped' returning ${MONITOR_COLUMNS}`,
        [same.monitorId, storable(by), now],
      )
    : await queries.query<MonitorRow>(
        `insert into monitor (monitor_id, name, version, pipeline, spec, spec_hash, state, started_by, started_at)
         values ($1, $2, $3, $4, $5, $6, 'running', $7, ${nowSql('$8')})
         on conflict do nothing returning ${MONITOR_COLUMNS}`,
        [`${name}@${version}`, name, version, pipeline, JSON.stringify(spec), hash, storable(by), now],
      );
  if (row === undefined) return undefined;
  const was = live === undefined ? null : { state: 'running', monitorId: live.monitorId };
  const isNow = { state: 'running', monitorId: row.monitorId };
  await writeAudit(queries, { who: by, action: 'monitor_start', subject: subjectOf(name), was, isNow, why }, now);
  return row;
}

/** @throws SluiceError `monitor_unknown` */
export async function stopMonitor(
  database: Database,
  monitorId: string,
  { by, why }: MonitorAct,
  now: Date | null,
): Promise<boolean> {
  const { name } = await findMonitor(database, monitorId);
  return database.transaction(async (queries) => {
    if (!(await stopRow(queries, monitorId, why, now))) return false;
    const [was, isNow] = ['running', 'stopped'].map((state) => ({ state, monitorId }));
    await writeAudit(
      queries,
      { who: by, action: 'monitor_stop', subject: subjectOf(name), was: was!, isNow: isNow!, why },
      now,
    );
    return true;
  });
}

async function stopRow(queries: Queries, monitorId: string, why: string, now: Date | null): Promise<boolean> {
  const stopped = await queries.query(
    `update monitor set state = 'stopped', stopped_at = ${nowSql('$3')}, reason = $2
     where monitor_id = $1 and state = 'running' returning monitor_id`,
    [monitorId, storable(why), now],
  );
  if (stopped.length === 0) return false;
  await skipWaiting(queries, monitorId, 'stopped', now);
  return true;
}

export const monitorAudit = (queries: Queries, name: string, limit: number): Promise<readonly AuditRow[]> =>
  auditOf(queries, subjectOf(name), limit);
