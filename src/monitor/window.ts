/**
 * What the scores of a window come to, and whether that is worth an alert. A rate has Wilson's interval; a mean has Student's,
 * and where all scores are equal, which estimates no error, one that needs only the bounds of the score. What has no score is
 * in neither: it shows in the coverage.
 */
import type { AlertSettings, AlertState, MonitorSpec } from '../model/monitor-spec.ts';
import { bernsteinCs } from '../stats/bernstein.ts';
import { wilson } from '../stats/rates.ts';
import { isNoVariation } from '../stats/result.ts';
import { tTest } from '../stats/t-test.ts';
import type {
  AlertRow,
  FieldSums,
  HealthRow,
  MonitorCounts,
  MonitorReason,
  WindowSums,
} from '../store/monitor-results.ts';
import type { MonitorRow } from '../store/monitors.ts';
import type { Store } from '../store/store.ts';

/**
 * Windows are looked at over and over, and this holds for a look: at the usual 5 % one in forty looks at a pipeline that sits on
 * its threshold would alert; at 1 % one in a hundred or two does.
 */
const ALPHA = 0.01;
/** An interval of equal scores is made by going through them; with so many it is narrow already. */
const MOST_EQUAL = 10_000;

export interface FieldStatistics {
  readonly kind: 'rate' | 'mean';
  readonly n: number;
  readonly mean: number;
  /** Of 99 %; null where there is too little to have one. */
  readonly lo: number | null;
  readonly hi: number | null;
}

export interface WindowStatistics {
  /** Of runs that ended from here to here; milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly sampled: number;
  readonly scored: number;
  /** Scored of sampled; null where none was sampled. */
  readonly coverage: number | null;
  readonly fields: { readonly [field: string]: FieldStatistics };
}

export function windowStatistics(spec: Pick<MonitorSpec, 'fields' | 'scorer'>, sums: WindowSums): WindowStatistics {
  const { from, to, sampled, scored } = sums;
  const fields = Object.entries(spec.fields).flatMap(([field, kind]): [string, FieldStatistics][] => {
    const of = sums.fields[field];
    return of === undefined ? [] : [[field, statisticsOf(spec, field, kind, of)]];
  });
  const coverage = sampled === 0 ? null : scored / sampled;
  return { from, to, sampled, scored, coverage, fields: Object.fromEntries(fields) };
}

function statisticsOf(
  { scorer }: Pick<MonitorSpec, 'scorer'>,
  field: string,
  kind: 'rate' | 'mean',
  { n, mean, variance }: FieldSums,
): FieldStatistics {
  const none = { kind, n, mean, lo: null, hi: null };
  if (kind === 'rate') {
    const { lo, hi } = wilson(Math.round(n * mean), n, ALPHA);
    return { ...none, lo, hi };
  }
  if (n < 2) return none;
  const deviation = Math.sqrt(variance);
  if (!isNoVariation(deviation, mean)) {
    const { ciLo, ciHi } = tTest(mean, deviation / Math.sqrt(n), n - 1, ALPHA);
    return { ...none, lo: ciLo, hi: ciHi };
  }
  const { worst, best } = scorer.fields[field]!;
  if (best === null || best === worst) return none;
  const [least, span] = [Math.min(worst, best), Math.abs(best - worst)];
  const place = Math.min(1, Math.max(0, (mean - least) / span));
  const { lo, hi } = bernsteinCs(Array<number>(Math.min(n, MOST_EQUAL)).fill(place), ALPHA);
  return lo === null || hi === null ? none : { ...none, lo: least + lo * span, hi: least + hi * span };
}

/**
 * What the window says now. An alert begins when the whole interval is beyond the threshold, and ends when the estimate is
 * not beyond it any more: so one that is neither does not come and go. With too few scores it stays as it was.
 */
export function alertStateOf(
  { field, below, above, atLeast }: AlertSettings,
  { fields }: Pick<WindowStatistics, 'fields'>,
  was: AlertState,
): AlertState {
  const of = fields[field];
  if (of === undefined || of.n < atLeast || of.lo === null || of.hi === null) return was;
  const isBeyond = below === null ? of.lo > above! : of.hi < below;
  if (isBeyond) return 'alerting';
  const isEstimatedBeyond = below === null ? of.mean > above! : of.mean < below;
  return was === 'alerting' && isEstimatedBeyond ? 'alerting' : 'ok';
}

/** `mean 0.61 · lo 0.57`: facts by their names, as they were written down; empty where there is none. */
export const evidenceText = (evidence: AlertRow['evidence']): string =>
  Object.entries(evidence)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([fact, value]) => `${fact} ${typeof value === 'number' ? Number(value.toPrecision(3)) : value}`)
    .join(' · ');

/** Why an alert was not delivered. */
export const deliveryText = ({ error }: Pick<AlertRow, 'error'>): string | null =>
  error === null ? null : `nobody: ${error.message}`;

/** Whether monitors score their waiting runs, for health checks. */
export interface MonitorHealth extends HealthRow {
  /** Runs have waited for longer than that, and nothing was scored in all that time: no worker does it, or each fails. */
  readonly isStalled: boolean;
}

/** A run is scored in seconds; a provider that holds its callers back does so for minutes. */
const STALLED_AFTER_MS = 10 * 60_000;

/** Of each monitor that runs. @throws what the store throws */
export async function monitorHealth(
  { monitors }: Pick<Store, 'monitors'>,
  stalledAfterMs: number = STALLED_AFTER_MS,
): Promise<readonly MonitorHealth[]> {
  return (await monitors.health()).map((row) => ({
    ...row,
    isStalled: row.waitingMs !== null && row.waitingMs > stalledAfterMs && row.sinceScoredMs > stalledAfterMs,
  }));
}

/** How a monitor stands, by what the store says: it needs neither Temporal nor a worker. */
export interface MonitorStatus {
  readonly row: MonitorRow;
  readonly counts: MonitorCounts;
  /** Why scores are missing, the most frequent first. */
  readonly reasons: readonly MonitorReason[];
  readonly window: WindowStatistics;
  /** Newest first. */
  readonly alerts: readonly AlertRow[];
  /** Runs wait, and nothing is scored. */
  readonly isStalled: boolean;
  /** Its budget of today is used up: no more runs are sampled before the next day, in UTC. */
  readonly isOutOfBudget: boolean;
  /** What its calls of today have cost; null where nothing is known of it. */
  readonly spentTodayUsd: number | null;
}

const SHOWN_ALERTS = 20;

/** @throws what the store throws */
export async function monitorStatus(store: Pick<Store, 'monitors' | 'runs'>, row: MonitorRow): Promise<MonitorStatus> {
  const { monitors, runs } = store;
  const { monitorId, spec } = row;
  const [counts, reasons, sums, alerts, health, paidBy] = await Promise.all([
    monitors.counts(monitorId),
    monitors.reasons(monitorId),
    monitors.window(monitorId, spec.windowMs),
    monitors.alerts(monitorId, SHOWN_ALERTS),
    monitorHealth(store),
    monitors.payerOf(monitorId),
  ]);
  const { isStalled = false, isOutOfBudget = false } = health.find((each) => each.monitorId === monitorId) ?? {};
  const { costUsd: spentTodayUsd } = await runs.spending(paidBy);
  return {
    ...{ row, counts, reasons, window: windowStatistics(spec, sums), alerts, isStalled, isOutOfBudget, spentTodayUsd },
  };
}
