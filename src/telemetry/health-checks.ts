/** What health looks at. What a check says is for everybody, and has counts alone; names are apart, for whoever may read them. */

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
import { monitorHealth } from '../monitor/health.ts';
import type { Store } from '../store/store.ts';
import type { LiveExperiment, Stalled } from '../store/vitals.ts';
import type { HealthStatus } from './health.ts';
import type { TemporalProbe } from './temporal-probe.ts';

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

export const CHECKS: readonly Checking[] = [
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
        each: ({ experimentId, waitingMs }) => `${experimentId}: its oldest run has waited ${ago(waitingMs)}`,
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
        each: ({ evaluationId, state, idleMs }) => `${evaluationId}: ${state}, without a result for ${ago(idleMs)}`,
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
        each: ({ monitorId, waitingMs }) => `${monitorId}: its oldest run has waited ${ago(waitingMs ?? 0)}`,
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
        each: ({ runId, ageMs }) => `${runId}: for ${ago(ageMs)}`,
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
 * Live ones that are not looked at when they should be, and those whose workflow is gone, so that they never will be. A
 * paused one is not looked at, and has a workflow all the same.
 */
async function lookAtExperiments({ store, temporal }: HealthParts): Promise<Finding> {
  const live = await store.vitals.liveExperiments();
  const overdue = new Map(
    live
      .filter((each) => each.state !== 'paused' && each.quietMs > each.lookEveryMs + OVERDUE_MS)
      .map((each) => [
        each.experimentId,
        `no look for ${ago(each.quietMs)}, with one due every ${ago(each.lookEveryMs)}`,
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

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** In the largest unit that fits. */
function ago(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
