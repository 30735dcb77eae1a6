/** Monitors: what was started, the runs that wait for their scores, what came of them, and what was made of that. */
import type { AlertState, MonitorSpec } from '../model/monitor-spec.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import type { AuditRow } from './experiments.ts';
import { type AlertRow, alertOf, alertsOf, endDelivery, moveAlert, type NewAlert, untold } from './monitors-alerts.ts';
import { exhaustDay, type MonitorDay, openDay, payerOf } from './monitors-day.ts';
import { findMonitor, listMonitors, type MonitorFilter, runningMonitor } from './monitors-find.ts';
import { type MonitoredRun, type SampledRun, takeIn, toMeet } from './monitors-meet.ts';
import {
  type ClaimedRun,
  claimScores,
  finishScores,
  type MonitorScoreEnd,
  releaseScores,
  skipWaiting,
} from './monitors-queue.ts';
import {
  countsOf,
  type HealthRow,
  healthOf,
  type MonitorCounts,
  type MonitorReason,
  type MonitorScoreRow,
  reasonsOf,
  type ScoreFilter,
  scoresOf,
  scoresOfRun,
  type WindowSums,
  windowOf,
} from './monitors-read.ts';
import { monitorAudit, startMonitor, stopMonitor } from './monitors-write.ts';

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

export interface Monitors {
  /**
   * Starts what the spec says: one that runs with the same words is the one; one of its name that runs with others is
   * stopped, and its scores stay. The same words as once before are that version again.
   */
  start(spec: MonitorSpec, act: MonitorAct): Promise<MonitorRow>;
  /** Stops it, with what waits; false where it did not run (any more). @throws SluiceError `monitor_unknown` */
  stop(monitorId: string, act: MonitorAct): Promise<boolean>;
  /** By id (`grounded@1`), by the beginning of one, or by name: then what runs, else its newest. @throws SluiceError `monitor_unknown` */
  get(idOrName: string): Promise<MonitorRow>;
  /** The one of this name that runs. */
  running(name: string): Promise<MonitorRow | undefined>;
  /** Newest first. @throws SluiceError `limit_invalid` */
  list(filter?: MonitorFilter): Promise<readonly MonitorRow[]>;
  /** Who started and stopped it, newest first. */
  audit(name: string, limit: number): Promise<readonly AuditRow[]>;

  /** A run that has ended, with the monitors of its pipeline; undefined where there is none. */
  toMeet(runId: string): Promise<MonitoredRun | undefined>;
  /** Counts it for those that it matches, and queues it for those that have sampled it; a second time changes nothing. */
  takeIn(run: SampledRun): Promise<void>;
  /** The oldest that wait, which nobody else gets for so long; undefined where this start of it has ended. */
  claim(monitorId: string, starts: number, limit: number, leaseMs: number): Promise<readonly ClaimedRun[] | undefined>;
  /** Gives back what was claimed and will not be scored now. */
  release(monitorId: string, runIds: readonly string[]): Promise<void>;
  /** What came of them; one that has ended stays as it ended. */
  finish(monitorId: string, ends: readonly MonitorScoreEnd[]): Promise<void>;
  /** Ends all that wait: they are not asked about. */
  skipWaiting(monitorId: string, why: 'budget'): Promise<void>;
  /** Whom calls of today are paid by, and whether there is money left. */
  openDay(monitorId: string, budgetUsd: number | null): Promise<MonitorDay>;
  /** Whom calls of today are paid by. */
  payerOf(monitorId: string): Promise<string>;
  /** Says that a call had no room in its budget. */
  exhaustDay(paidBy: string): Promise<void>;

  counts(monitorId: string): Promise<MonitorCounts>;
  /** Why scores are missing: of the last 1,000 that are, the most frequent first. */
  reasons(monitorId: string): Promise<readonly MonitorReason[]>;
  window(monitorId: string, windowMs: number): Promise<WindowSums>;
  /** What became of sampled runs, those that ended last first. */
  scores(filter: ScoreFilter): Promise<readonly MonitorScoreRow[]>;
  scoresOfRun(runId: string): Promise<readonly MonitorScoreRow[]>;
  /** Of each that runs. */
  health(): Promise<readonly HealthRow[]>;

  /** Writes what the window says now, where it said something else; false where it is not so (any more). */
  moveAlert(monitorId: string, alert: NewAlert): Promise<boolean>;
  /** Newest first. */
  alerts(monitorId: string, limit: number): Promise<readonly AlertRow[]>;
  alert(monitorId: string, alertNo: number): Promise<AlertRow | undefined>;
  /** Numbers of those of the last day that begin or end an alert, and that nobody was told of, oldest first. */
  untold(monitorId: string): Promise<readonly number[]>;
  /** That somebody has taken it, or why nobody has. */
  endDelivery(monitorId: string, alertNo: number, error: AlertRow['error']): Promise<void>;
}

export function createMonitors(database: Database, clock?: Clock): Monitors {
  const now = () => nowParam(clock);
  return Object.freeze({
    start: (spec, act) => startMonitor(database, spec, act, now()),
    stop: (monitorId, act) => stopMonitor(database, monitorId, act, now()),
    get: (idOrName) => findMonitor(database, idOrName),
    running: (name) => runningMonitor(database, name),
    list: (filter = {}) => listMonitors(database, filter),
    audit: (name, limit) => monitorAudit(database, name, limit),
    toMeet: (runId) => toMeet(database, runId),
    takeIn: (run) => takeIn(database, run, now()),
    claim: (monitorId, starts, limit, leaseMs) => claimScores(database, { monitorId, starts, limit, leaseMs }, now()),
    release: (monitorId, runIds) => releaseScores(database, monitorId, runIds),
    finish: (monitorId, ends) => finishScores(database, monitorId, ends, now()),
    skipWaiting: (monitorId, why) => skipWaiting(database, monitorId, why, now()),
    openDay: (monitorId, budgetUsd) => openDay(database, monitorId, budgetUsd, now()),
    payerOf: (monitorId) => payerOf(database, monitorId, now()),
    exhaustDay: (paidBy) => exhaustDay(database, paidBy, now()),
    counts: (monitorId) => countsOf(database, monitorId),
    reasons: (monitorId) => reasonsOf(database, monitorId),
    window: (monitorId, windowMs) => windowOf(database, monitorId, windowMs, now()),
    scores: (filter) => scoresOf(database, filter),
    scoresOfRun: (runId) => scoresOfRun(database, runId),
    health: () => healthOf(database, now()),
    moveAlert: (monitorId, alert) => moveAlert(database, monitorId, alert, now()),
    alerts: (monitorId, limit) => alertsOf(database, monitorId, limit),
    alert: (monitorId, alertNo) => alertOf(database, monitorId, alertNo),
    untold: (monitorId) => untold(database, monitorId, now()),
    endDelivery: (monitorId, alertNo, error) => endDelivery(database, { monitorId, alertNo, error }, now()),
  } satisfies Monitors);
}
