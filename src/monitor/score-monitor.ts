/**
 * Scores the runs that a monitor has sampled, a few at a time, and updates its alert. A turn ends when an alert must be
 * sent, when the monitor stops, and after a time limit. Claims of a killed worker expire.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import type { MakeAttempt, Slots } from '../evaluation/attempts.ts';
import { loadRun } from '../experiment/rerun/replay.ts';
import { scoreIn, scoreServed } from '../experiment/score-runs.ts';
import { readWiring } from '../experiment/serve.ts';
import { isIn } from '../model/assign.ts';
import type { MonitorSpec, MonitorTurn, MonitorTurnInput } from '../model/monitor-spec.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { EVALUATION_BUDGET } from '../plan/walk.ts';
import type { ClaimedRun, MonitoredRun, MonitorScoreEnd } from '../store/monitor-scores.ts';
import type { MonitorRow } from '../store/monitors.ts';
import type { Store } from '../store/store.ts';
import { alertStateOf, windowStatistics } from './window.ts';

export interface MonitorWorker {
  readonly store: Pick<Store, 'monitors' | 'runs'>;
  readonly attempt: MakeAttempt;
  /** Of the process. */
  readonly slots: Slots;
  /** A plan never changes, so it is read once. @throws SluiceError `plan_unknown` */
  readonly planOf: (planId: string) => Promise<Plan>;
  /** Whether a webhook receives alerts; default: no. */
  readonly sendsAlerts?: boolean;
}

export interface MonitorTimes {
  /** After this a turn ends; default 1 hour. */
  readonly turnMs?: number;
  /** Between two looks for runs where there was none; default 1 s. */
  readonly pollMs?: number;
  /** Between two looks at the window; default a hundredth of it, from 1 s to 5 minutes. */
  readonly watchMs?: number;
  /** How long a claim lasts, and the pause before a retry; default 1 minute. */
  readonly leaseMs?: number;
}

/** Runs at a time: as many as a worker's slots have use for. */
const AT_ONCE = 20;
const MOST_TRIES = 3;
/** Reasons are what a call failed with, or words. */
const IS_CODE = /^\w+$/;

/** @throws SluiceError `monitor_unknown`, what the store throws; the signal's reason when it aborts */
export async function scoreMonitor(
  worker: MonitorWorker,
  { monitorId, starts, telling }: MonitorTurnInput,
  signal: AbortSignal,
  times: MonitorTimes = {},
): Promise<MonitorTurn> {
  const { monitors } = worker.store;
  const row = await monitors.get(monitorId);
  const { turnMs = 3_600_000, pollMs = 1_000, leaseMs = 60_000, watchMs = watchEvery(row.spec.windowMs) } = times;
  const endsAt = performance.now() + turnMs;
  let watchedAt = Number.NEGATIVE_INFINITY;
  while (performance.now() < endsAt) {
    signal.throwIfAborted();
    const claimed = await monitors.claim(monitorId, starts, AT_ONCE, leaseMs);
    if (claimed === undefined) return { isOver: true, alerts: [] };
    if (claimed.length > 0) await scoreAll(worker, row, claimed, signal);
    if (performance.now() - watchedAt >= watchMs) {
      await watch(worker.store, monitorId);
      watchedAt = performance.now();
      const alerts = worker.sendsAlerts ? await monitors.undeliveredAlerts(monitorId) : [];
      const unsent = alerts.filter((no) => !telling.includes(no));
      if (unsent.length > 0) return { isOver: false, alerts: unsent };
    }
    if (claimed.length === 0) await delay(pollMs, undefined, { signal });
  }
  return { isOver: false, alerts: [] };
}

const watchEvery = (windowMs: number): number => Math.min(Math.max(windowMs / 100, 1_000), 300_000);

async function scoreAll(
  worker: MonitorWorker,
  row: MonitorRow,
  claimed: readonly ClaimedRun[],
  signal: AbortSignal,
): Promise<void> {
  const { monitors } = worker.store;
  const { monitorId, spec } = row;
  const { paidBy, isExhausted } = await monitors.openDay(monitorId, spec.budgetUsdPerDay);
  if (isExhausted) return monitors.skipWaiting(monitorId, 'budget');
  const ended = await Promise.all(claimed.map((each) => scoreOne(worker, row, { ...each, paidBy }, signal)));
  // Releases claims, so that the next worker need not wait until they expire.
  const left = claimed.filter((_, index) => ended[index] === 'later').map(({ runId }) => runId);
  if (signal.aborted && left.length > 0) await monitors.release(monitorId, left);
  await monitors.finish(
    monitorId,
    ended.filter((end) => typeof end === 'object'),
  );
  if (!ended.includes('out_of_budget')) return;
  await monitors.exhaustDay(paidBy);
  await monitors.skipWaiting(monitorId, 'budget');
}

/** `later`: it is to be tried again, once its claim has run out. */
type Ended = MonitorScoreEnd | 'later' | 'out_of_budget';

async function scoreOne(
  { store, attempt, slots, planOf }: MonitorWorker,
  { spec: { scorer } }: MonitorRow,
  { runId, tries, paidBy }: ClaimedRun & { readonly paidBy: string },
  signal: AbortSignal,
): Promise<Ended> {
  const failed = (code: string, message: string): Ended => ({ runId, state: 'failed', error: { code, message } });
  try {
    const loaded = await loadRun(store, planOf, runId);
    const { cell } = await scoreServed({ attempt, slots, scorer, paidBy, signal }, loaded);
    if (cell.state !== 'missing') {
      const detail = cell.state === 'done' ? cell.detail : { failed: cell.reason };
      return { runId, state: 'done', scores: scoreIn(cell, scorer), ...(detail && { detail }) };
    }
    const { reason, resumable } = cell;
    if (reason === EVALUATION_BUDGET) return 'out_of_budget';
    if (resumable && tries < MOST_TRIES) return 'later';
    return failed(IS_CODE.test(reason) ? reason : 'score_missing', reason);
  } catch (error) {
    if (signal.aborted) return 'later';
    if (error instanceof SluiceError && !error.code.startsWith('database_')) return failed(error.code, error.message);
    throw error;
  }
}

/** @throws SluiceError `monitor_unknown`, what the store throws */
async function watch({ monitors }: Pick<Store, 'monitors'>, monitorId: string): Promise<void> {
  const { spec, alert: was, state } = await monitors.get(monitorId);
  if (spec.alert === null || state !== 'running') return;
  const statistics = windowStatistics(spec, await monitors.window(monitorId, spec.windowMs));
  const isNow = alertStateOf(spec.alert, statistics, was);
  if (isNow === was) return;
  const { field, below, above } = spec.alert;
  const { from, to, sampled } = statistics;
  const { n, mean, lo, hi } = statistics.fields[field]!;
  const evidence = { field, below, above, n, mean, lo, hi, sampled, from, to } satisfies { [fact: string]: Json };
  await monitors.moveAlert(monitorId, { was, isNow, evidence });
}

/** May be done again: a run counts once. @throws what the store throws */
export async function enqueueForMonitors({ monitors }: Pick<Store, 'monitors'>, runId: string): Promise<void> {
  const run = await monitors.findMatching(runId);
  if (run === undefined) return;
  const met = run.monitors
    .filter(({ spec }) => matches(spec, run))
    .map(({ monitorId, spec }) => ({ monitorId, isSampled: isSampled(spec, runId) }));
  if (met.length > 0) await monitors.enqueue({ runId, finishedAt: run.finishedAt, met });
}

type Matched = Pick<MonitoredRun, 'outcome' | 'assignments' | 'input'>;

/** Whether a run is one of those that the monitor is of. What its input does not say is not true of it. */
export function matches({ when }: Pick<MonitorSpec, 'when'>, { outcome, assignments, input }: Matched): boolean {
  const { outcomes, experiment, arm, target } = when;
  if (!outcomes.some((each) => each === outcome)) return false;
  if (experiment !== null) {
    const given = assignments.find((each) => nameOf(each.experiment) === experiment);
    if (given === undefined || (arm !== null && given.arm !== arm)) return false;
  }
  return target === null || readWiring(target, input) === true;
}

/** From its second time on an experiment's id has a number behind its name: `rerank-online.2`. Names hold no dots. */
const nameOf = (experimentId: string): string => experimentId.split('.', 1)[0]!;

/** By the hash of its id, so that asking again is asking for the same; of the name, so that a larger sample has the smaller in it. */
export const isSampled = ({ name, sample }: Pick<MonitorSpec, 'name' | 'sample'>, runId: string): boolean =>
  isIn(`monitor.${name}`, runId, [0, sample]);
