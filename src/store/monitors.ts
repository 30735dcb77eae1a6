/** Monitors: what was started, the runs that wait for their scores, what came of them, and what was made of that. */

import type { AlertState, MonitorSpec } from '../model/monitor-spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { auditOf, writeAudit } from './audit.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import type { AuditRow } from './experiments.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought } from './find-by-id.ts';
import {
  alertOf,
  alertsOf,
  countsOf,
  endDelivery,
  healthOf,
  moveAlert,
  reasonsOf,
  scoresOf,
  scoresOfRun,
  undeliveredAlerts,
  windowOf,
} from './monitor-results.ts';
import {
  claimScores,
  enqueue,
  exhaustDay,
  findMatching,
  finishScores,
  openDay,
  payerOf,
  releaseScores,
  skipWaiting,
} from './monitor-scores.ts';
import { storable } from './storable.ts';

/** Times are milliseconds since the epoch. */
export interface MonitorRow {
  /** `grounded@1` */
  readonly monitorId: string;
  readonly name: string;
  readonly version: number;
  readonly pipeline: string;
  readonly spec: MonitorSpec;
  readonly state: 'running' | 'stopped';
  /** How often it was started. */
  readonly starts: number;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  readonly reason: string | null;
  readonly alert: AlertState;
  readonly alertSince: number | null;
}

export interface MonitorAct {
  readonly by: string;
  readonly why: string;
}

export const createMonitors = (database: TimedDatabase) =>
  bound(database, {
    start: startMonitor,
    stop: stopMonitor,
    get: findMonitor,
    running: runningMonitor,
    list: listMonitors,
    audit: monitorAudit,
    findMatching,
    enqueue,
    claim: claimScores,
    release: releaseScores,
    finish: finishScores,
    skipWaiting: endWaiting,
    openDay,
    payerOf,
    exhaustDay,
    counts: countsOf,
    reasons: reasonsOf,
    window: windowOf,
    scores: scoresOf,
    scoresOfRun,
    health: healthOf,
    moveAlert,
    alerts: alertsOf,
    alert: alertOf,
    undeliveredAlerts,
    endDelivery,
  });
export type Monitors = ReturnType<typeof createMonitors>;

/** The columns under the names that `MonitorRow` gives them. */
const MONITOR_COLUMNS = `monitor_id as "monitorId", name, version, pipeline, spec, state, starts,
  started_by as "startedBy", started_at as "startedAt", stopped_at as "stoppedAt", reason, alert,
  alert_since as "alertSince"`;

const MONITOR: Sought = {
  ...{ table: 'monitor', columns: MONITOR_COLUMNS, idColumn: 'monitor_id', idName: 'monitorId' },
  ...{ newestBy: 'started_at', kind: 'monitor', words: ['monitor', 'monitors'] },
  whenNone: 'none was started yet: sluice monitor start NAME',
};

/**
 * By id (`grounded@1`), by the beginning of one, or by name: then what runs, else its newest.
 *
 * @throws SluiceError `monitor_unknown`
 */
async function findMonitor(queries: Queries, idOrName: string): Promise<MonitorRow> {
  const [named] = await queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor where name = $1
     order by state = 'running' desc, started_at desc, version desc limit 1`,
    [idOrName],
  );
  return named ?? findById<MonitorRow>(queries, MONITOR, idOrName);
}

/** The one of this name that runs. */
async function runningMonitor(queries: Queries, name: string): Promise<MonitorRow | undefined> {
  const [row] = await queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor where name = $1 and state = 'running'`,
    [name],
  );
  return row;
}

export interface MonitorFilter {
  readonly pipeline?: string;
  /** Only those that run. */
  readonly running?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

/** Newest first. @throws SluiceError `limit_invalid` */
async function listMonitors(
  queries: Queries,
  { pipeline, running = false, limit = DEFAULT_PAGE }: MonitorFilter,
): Promise<readonly MonitorRow[]> {
  checkPage(limit, MONITOR);
  return queries.query<MonitorRow>(
    `select ${MONITOR_COLUMNS} from monitor
     where ($1::text is null or pipeline = $1) and (not $2 or state = 'running')
     order by state = 'running' desc, started_at desc, monitor_id desc limit $3`,
    [pipeline ?? null, running, limit],
  );
}

// Starting and stopping monitors. A version is a definition in its exact words: the next words are the next version, and the
// same ones are the same version again, so that scores that can be compared stand together.

/** Of a name's rows in the audit: experiments have names of their own. */
const subjectOf = (name: string): string => `monitor:${name}`;

/** Two that start the same name at once: one of them waits for the other, and finds what that has done. */
const MOST_TRIES = 10;

/**
 * Starts what the spec says: one that runs with the same words is the one; one of its name that runs with others is
 * stopped, and its scores stay. The same words as once before are that version again.
 */
function startMonitor(database: TimedDatabase, spec: MonitorSpec, act: MonitorAct): Promise<MonitorRow> {
  const now = database.now();
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

/** Stops it, with what waits; false where it did not run (any more). @throws SluiceError `monitor_unknown` */
async function stopMonitor(database: TimedDatabase, monitorId: string, { by, why }: MonitorAct): Promise<boolean> {
  const now = database.now();
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

/** Who started and stopped it, newest first. */
const monitorAudit = (queries: Queries, name: string, limit: number): Promise<readonly AuditRow[]> =>
  auditOf(queries, subjectOf(name), limit);

/** Ends all that wait: they are not asked about. */
const endWaiting = (database: TimedDatabase, monitorId: string, why: 'budget'): Promise<void> =>
  skipWaiting(database, monitorId, why, database.now());
