/**
 * Health checks. Each check has two seconds; an unanswered check is not repeated meanwhile. Results are cached for two
 * seconds, so frequent requests add no load on the servers.
 */

import { Client, type Connection } from '@temporalio/client';
import { isRunning } from '../../activities/sweep.ts';
import { SluiceError } from '../base/errors.ts';
import { count, showDuration } from '../base/format.ts';
import { endsBy } from '../base/wait.ts';
import {
  DISK_LOW_BELOW_BYTES,
  DISK_LOW_REMEDY,
  type DiskSpace,
  describeSpace,
  FREE_DISK_REMEDY,
  isDiskFull,
  megabytes,
} from '../embedded/disk-space.ts';
import { phaseOf } from '../experiment/take-analysis.ts';
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../model/experiment-messages.ts';
import { monitorHealth } from '../monitor/window.ts';
import type { Store } from '../store/store.ts';
import type { LiveExperiment, Stalled } from '../store/vitals.ts';

/** `degraded`: something stands still, and asking works. `down`: asking does not. */
export type HealthStatus = 'ok' | 'degraded' | 'down';

export interface HealthCheck extends Finding {
  readonly name: string;
}

export interface Health {
  /** The worst of its checks. */
  readonly status: HealthStatus;
  readonly checks: readonly HealthCheck[];
}

export interface HealthLimits {
  /** For each check; default 2 s. */
  readonly limitMs?: number;
  /** How long a result is cached; default 2 s. */
  readonly keptMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

const LIMIT_MS = 2_000;
const KEPT_MS = 2_000;
const STATUSES: readonly HealthStatus[] = ['ok', 'degraded', 'down'];
/** Rank of a status for charts: 0 is ok. */
export const rankOf = (status: HealthStatus): number => STATUSES.indexOf(status);

/** Never rejects: what cannot be found out is a finding. */
export const healthOf = (parts: HealthParts, limits: HealthLimits = {}): Promise<Health> =>
  watchHealth(parts, limits)();

/** Repeatable health checks, cached. */
export function watchHealth(parts: HealthParts, limits: HealthLimits = {}): () => Promise<Health> {
  const { limitMs = LIMIT_MS, keptMs = KEPT_MS, now = () => performance.now() } = limits;
  const checks = CHECKS.map((checking) => ({ name: checking.name, look: patiently(checking, parts, limitMs) }));
  const lookAll = async (): Promise<Health> => {
    const found = await Promise.all(checks.map(async ({ name, look }) => Object.freeze({ name, ...(await look()) })));
    const worst = Math.max(...found.map(({ status }) => rankOf(status)));
    return Object.freeze({ status: STATUSES[worst]!, checks: Object.freeze(found) });
  };
  let underWay: Promise<Health> | undefined;
  let kept: { readonly health: Health; readonly until: number } | undefined;
  const lookAndKeep = async (): Promise<Health> => {
    const health = await lookAll();
    kept = { health, until: now() + keptMs };
    underWay = undefined;
    return health;
  };
  return async () => {
    if (kept !== undefined && now() < kept.until) return kept.health;
    underWay ??= lookAndKeep();
    return underWay;
  };
}

/** A look that fails or takes too long is a finding, too. */
function patiently({ look, unknown }: Checking, parts: HealthParts, limitMs: number): () => Promise<Finding> {
  const ask = oneAtATime(
    () => look(parts).catch((error: unknown) => unknown(`it could not be looked at: ${codeOf(error)}`)),
    limitMs,
  );
  return async () => (await ask()) ?? unknown(`no answer within ${limitMs / 1_000} s`);
}

/** Codes only: error messages may contain addresses. */
const codeOf = (error: unknown): string => (error instanceof SluiceError ? error.code : 'it failed');

/**
 * Parts of the health check. Messages are public and contain counts only; names are separate, for authorised readers.
 */
export interface HealthParts {
  readonly store: Pick<Store, 'vitals' | 'monitors'>;
  readonly temporal: TemporalProbe;
  /** Of the embedded servers' state; absent, or undefined, where all servers are configured. */
  readonly diskSpace?: (() => Promise<DiskSpace | undefined>) | undefined;
  /** `SLUICE_RUN_DEADLINE_MS`: within that, and some minutes for its record, every run has ended. */
  readonly runDeadlineMs: number;
}

export interface Finding {
  readonly status: HealthStatus;
  /** Without any name. */
  readonly detail: string;
  /** How many stand still; null where it is not known, or nothing that is counted. */
  readonly stalled: number | null;
  /** Some of them, by id, with what is known of each. */
  readonly things: readonly string[];
  /** What to do; null where all is well. */
  readonly remedy: string | null;
}

export interface Checking {
  readonly name: string;
  readonly look: (parts: HealthParts) => Promise<Finding>;
  /** What it is where it cannot be found out. */
  readonly unknown: (why: string) => Finding;
}

const MINUTE_MS = 60_000;
/** What should go on and has not for so long stands still: runs are scored, evaluations get results, within seconds. */
const STALLED_MS = 10 * MINUTE_MS;
/** A look is due every so often; it is overdue so much later. */
export const OVERDUE_MS = 5 * MINUTE_MS;
/** From a run's deadline to its record, with two rounds of the sweeper between them. */
const SWEPT_MS = 5 * MINUTE_MS;
/** One that has just moved has a workflow, or is about to: the sweeper starts it anew within a minute. */
export const MOVED_MS = 2 * MINUTE_MS;
/** Workflows that are asked about in one look. */
const MOST_ASKED = 20;

const ok = (detail: string, stalled: number | null = null): Finding => ({
  ...{ status: 'ok', detail, stalled, things: [], remedy: null },
});

const unknownIs =
  (status: HealthStatus, remedy: string) =>
  (detail: string): Finding => ({ status, detail, stalled: null, things: [], remedy });

/** Of what can be looked at only where the servers are there. */
const unknownIsDegraded = unknownIs('degraded', 'see the checks of the database and of Temporal');

const NO_WORKER = unknownIs('down', 'start one: sluice worker (or sluice dev)')('');

const CHECKS: readonly Checking[] = [
  {
    name: 'database',
    async look({ store }) {
      await store.vitals.answers();
      return ok('it answers');
    },
    unknown: unknownIs('down', 'see that PostgreSQL runs, and that DATABASE_URL names it'),
  },
  {
    name: 'temporal',
    async look({ temporal }) {
      await temporal.answers();
      return ok('it answers');
    },
    unknown: unknownIs('down', 'see that Temporal runs, and that TEMPORAL_ADDRESS names it'),
  },
  {
    name: 'disk',
    async look({ diskSpace }) {
      const space = await diskSpace?.();
      if (space === undefined) return ok('the servers have disks of their own');
      const things = [space.folder];
      if (isDiskFull(space)) {
        const detail = `the disk is full: ${describeSpace(space)}`;
        return { ...unknownIs('down', FREE_DISK_REMEDY)(detail), things };
      }
      const detail = `${megabytes(space.freeBytes)} free on the disk`;
      if (space.freeBytes >= DISK_LOW_BELOW_BYTES) return ok(detail);
      return { ...unknownIs('degraded', DISK_LOW_REMEDY)(detail), things };
    },
    unknown: unknownIs('degraded', 'see that the folder of the state exists and can be read'),
  },
  {
    name: 'workers',
    async look({ store }) {
      const workers = await store.vitals.workers();
      if (workers > 0) return ok(`${count(workers, 'worker')} with steps`);
      return { ...NO_WORKER, detail: 'no worker has published its steps' };
    },
    unknown: unknownIsDegraded,
  },
  {
    name: 'score_tasks',
    async look({ store }) {
      const found = await store.vitals.unscored(STALLED_MS);
      return stalledIs(found, {
        ...{ well: 'runs that are to be scored are', ill: ['live experiment', 'waits for scores that nobody makes'] },
        each: ({ experimentId, waitingMs }) => `${experimentId}: its oldest run has waited ${showDuration(waitingMs)}`,
        remedy: 'see that a worker runs, and that its scorers answer: sluice experiment status EXPERIMENT',
      });
    },
    unknown: unknownIsDegraded,
  },
  {
    name: 'evaluations',
    async look({ store }) {
      const found = await store.vitals.idleEvaluations(STALLED_MS);
      return stalledIs(found, {
        ...{ well: 'those under way get results', ill: ['evaluation', 'is under way and gets no result'] },
        each: ({ evaluationId, state, idleMs }) =>
          `${evaluationId}: ${state}, without a result for ${showDuration(idleMs)}`,
        remedy: 'see that a worker runs; go on with one that is lost: sluice eval resume EVALUATION',
      });
    },
    unknown: unknownIsDegraded,
  },
  { name: 'experiments', look: lookAtExperiments, unknown: unknownIsDegraded },
  {
    name: 'monitors',
    async look({ store }) {
      const all = await monitorHealth(store, STALLED_MS);
      const ill = all.filter(({ isStalled }) => isStalled);
      const found = { count: ill.length, first: ill.slice(0, MOST_ASKED) };
      return stalledIs(found, {
        ...{ well: `${all.length} under way`, ill: ['monitor', 'has runs that wait and scores none'] },
        each: ({ monitorId, waitingMs }) => `${monitorId}: its oldest run has waited ${showDuration(waitingMs ?? 0)}`,
        remedy: 'see that a worker runs, and that its scorer answers',
      });
    },
    unknown: unknownIsDegraded,
  },
  {
    name: 'runs',
    async look({ store, runDeadlineMs }) {
      const found = await store.vitals.unendedRuns(runDeadlineMs + SWEPT_MS);
      return stalledIs(found, {
        ...{ well: 'none is open beyond its deadline', ill: ['run', 'is open beyond its deadline'] },
        each: ({ runId, ageMs }) => `${runId}: for ${showDuration(ageMs)}`,
        remedy: 'see that a worker runs: it records runs, and closes those whose workflow is gone',
      });
    },
    unknown: unknownIsDegraded,
  },
];

interface Words<T> {
  readonly well: string;
  /** One of them, and what it does. */
  readonly ill: readonly [what: string, does: string];
  readonly each: (thing: T) => string;
  readonly remedy: string;
}

function stalledIs<T>({ count: stalled, first }: Stalled<T>, { well, ill, each, remedy }: Words<T>): Finding {
  if (stalled === 0) return ok(well, 0);
  const [what, does] = ill;
  return {
    ...{ status: 'degraded', stalled, things: first.map(each), remedy },
    detail: stalled === 1 ? `1 ${what} ${does}` : `${count(stalled, what)}, each of which ${does}`,
  };
}

/**
 * Live experiments whose interim analysis is overdue, and those whose workflow is gone. A paused experiment has a
 * workflow but no analyses.
 */
async function lookAtExperiments({ store, temporal }: HealthParts): Promise<Finding> {
  const live = await store.vitals.liveExperiments();
  const overdue = new Map(
    live
      .filter((each) => each.state !== 'paused' && each.quietMs > each.lookEveryMs + OVERDUE_MS)
      .map((each) => [
        each.experimentId,
        `no look for ${showDuration(each.quietMs)}, with one due every ${showDuration(each.lookEveryMs)}`,
      ]),
  );
  const asked = live.filter(({ quietMs }) => quietMs > MOVED_MS).slice(0, MOST_ASKED);
  const isThere = await Promise.all(asked.map((each) => temporal.runs(workflowOf(each))));
  const lost = asked.filter((_, place) => !isThere[place]).map(({ experimentId }) => experimentId);
  const ill = new Map([...overdue, ...lost.map((id) => [id, 'its workflow is gone'] as const)]);
  if (ill.size === 0) return ok(`${live.length} live, each looked at when it is due`, 0);
  return {
    ...{ status: 'degraded', stalled: ill.size },
    detail: `of ${live.length} live, ${overdue.size} overdue for a look, and ${lost.length} without a workflow`,
    things: [...ill].slice(0, MOST_ASKED).map(([id, why]) => `${id}: ${why}`),
    remedy:
      'see that a worker runs, which starts lost ones anew; or go on yourself: sluice experiment resume EXPERIMENT',
  };
}

const workflowOf = (row: LiveExperiment): string =>
  (phaseOf(row) === 'experiment' ? EXPERIMENT_WORKFLOW_PREFIX : ROLLOUT_WORKFLOW_PREFIX) + row.experimentId;

/** @returns a function that returns undefined after the time limit; a late answer serves the next call */
export function oneAtATime<T>(ask: () => Promise<T>, limitMs: number): () => Promise<T | undefined> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return endsBy(underWay, limitMs);
  };
}

export interface TemporalProbe {
  /** @throws where it does not */
  answers(): Promise<void>;
  /** Whether a workflow of this id is under way. */
  runs(workflowId: string): Promise<boolean>;
}

/** What health asks of Temporal, each question within two seconds. */
export function createTemporalProbe(connection: Connection, namespace: string): TemporalProbe {
  const client = new Client({ connection, namespace });
  const within = <T>(ask: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + LIMIT_MS, ask);
  return Object.freeze({
    answers: async () => void (await within(() => connection.workflowService.describeNamespace({ namespace }))),
    runs: (workflowId) => within(() => isRunning(client, workflowId)),
  } satisfies TemporalProbe);
}
