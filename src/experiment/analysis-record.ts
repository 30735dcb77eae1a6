/**
 * The logic of an experiment: from the sums in the store up to a watermark to a decision, as one record that the ledger
 * keeps. Pure: the same data, spec and settings give the same record, byte for byte, so that anybody can work it out again.
 */
import { SluiceError } from '../base/errors.ts';
import type {
  AnalysisData,
  AnalysisRecord,
  ArmVerdict,
  ArrivalRow,
  BreakerCount,
  SrmRow,
} from '../model/analysis-data.ts';
import type { Phase } from '../model/experiment-messages.ts';
import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import { NO_SEQUENCE } from '../stats/asymp-cs.ts';
import { breaker, breakerTrips } from '../stats/breaker.ts';
import { type Decision, type GateInput, type GateReason, type GateVerdict, gate } from '../stats/gate.ts';
import { type AnalysisRow, gateIntervals, lookAt } from '../stats/interim-analysis.ts';
import { problem } from '../stats/result.ts';
import { arrivalOf, arrivalRows } from './arrival.ts';
import { type Method, methodOf } from './method.ts';
import { analysisMetric, isTested, recordedUnits } from './metric-cells.ts';
import { exposureRates, sampleRatios, servedArms, worstChiSquareP, worstP } from './srm.ts';

const HOUR_MS = 3_600_000;

export interface AnalysisInput {
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
  readonly data: AnalysisData;
  /** From 1. */
  readonly lookNo: number;
  /** In a `rollout` only the breaker, the guardrails, the sample ratio and the exposure rates decide, each of them for a rollback. */
  readonly phase: Phase;
  /** When it is decided, in milliseconds since the epoch. */
  readonly at: number;
  /** Of the library. */
  readonly version: string;
}

/**
 * One look. Rows are of the variants that are still served; those that were stopped keep their part of the levels, as at the
 * start. A ratio is compared within each stage and its differences are averaged by units, as means are.
 *
 * @throws SluiceError `look_data_invalid` for data that no store gives, and where no variant is left to be analysis at;
 *   `method_unknown` where the settings name a method version of a newer Sluice
 */
export function analysisRecord({ spec, settings, data, lookNo, phase, at, version }: AnalysisInput): AnalysisRecord {
  const method = methodOf(settings.methodVersion);
  const served = servedArms(spec, data).filter((arm) => arm !== 0);
  if (served.length === 0) throw invalid(`look ${lookNo} of '${spec.name}' has no variant left that is served`);
  const arrivals = method.checksArrival ? arrivalRows(spec, settings, data) : [];
  const rows = rowsOf({ spec, settings, data }, served, phase, arrivals);
  const srm = sampleRatios(spec, data, method);
  const exposure = method.comparesExposure ? exposureRates(spec, data) : undefined;
  const decidedBy = (srmP: number | null) => {
    const checks = { srmP, srmHaltsBelow: method.srmHaltsBelow, exposureP: exposure?.p ?? null };
    const judged = served.map((arm): ArmVerdict => {
      const verdict =
        phase === 'rollout'
          ? rolloutVerdict(spec, data, arm, rows, checks)
          : gateVerdict({ spec, data, rows, arrivals, checks, at }, arm);
      return Object.freeze({ arm, ...verdict });
    });
    return { judged, combined: combine(judged, rows, spec, phase) };
  };
  const found = decidedBy(worstP(srm));
  const { judged, combined } = overrules(found.combined, srm, method) ? decidedBy(worstChiSquareP(srm)) : found;
  return Object.freeze({
    lookNo,
    phase,
    at,
    data,
    rows,
    srm,
    ...(exposure !== undefined && { exposure }),
    ...(arrivals.length > 0 && { arrivals }),
    verdicts: Object.freeze(judged),
    ...combined,
    daysLeft: phase === 'rollout' ? null : daysLeft({ spec, settings, data, rows, verdicts: judged, at }, combined),
    settingsHash: settings.hash,
    version,
    ...(method.version > 1 && { methodVersion: method.version }),
  });
}

/**
 * Whether the chi-square test of the sample ratio overrules a decision that would end the experiment. It is valid once, so
 * looks that go on do not read it.
 */
function overrules({ decision }: Combined, srm: readonly SrmRow[], { srmHaltsBelow }: Method): boolean {
  const p = worstChiSquareP(srm);
  return (decision === 'promote' || decision === 'inconclusive') && p !== null && p < srmHaltsBelow;
}

type Checks = Pick<GateInput, 'srmP' | 'srmHaltsBelow' | 'exposureP'>;

type Seen = Pick<AnalysisInput, 'spec' | 'settings' | 'data'>;

/** A row per metric and served variant, in the order of the spec. A rollout's levels are its own, over what it serves. */
function rowsOf(
  { spec, settings, data }: Seen,
  served: readonly number[],
  phase: Phase,
  arrivals: readonly ArrivalRow[],
): readonly AnalysisRow[] {
  const arms = phase === 'rollout' ? [0, ...served] : spec.arms.map((_, arm) => arm);
  const tested = spec.metrics.flatMap((metric, index) =>
    isTested(metric) ? [analysisMetric(spec, settings, data, index, arms)] : [],
  );
  const { nullVariance } = methodOf(settings.methodVersion);
  const rows = lookAt(tested, { ...settings, nullVariance })
    .map((row): AnalysisRow => Object.freeze({ ...row, arm: arms[row.arm]! }))
    .filter(({ arm }) => served.includes(arm))
    .map((row) => (phase === 'experiment' ? unproven(row, spec, arrivals) : row));
  return Object.freeze(
    spec.metrics.flatMap((metric, index) =>
      isTested(metric)
        ? rows.filter((row) => row.metric === metric.name)
        : served.map((arm) => shownRow({ spec, settings, data }, index, arm)),
    ),
  );
}

/** A guardrail whose events have not arrived is not proven harmless by their absence. */
function unproven(row: AnalysisRow, { metrics }: ExperimentSpec, arrivals: readonly ArrivalRow[]): AnalysisRow {
  const index = metrics.findIndex(({ name }) => name === row.metric);
  if (row.role !== 'guardrail' || arrivalOf(arrivals, index, row.arm) === 'arrived') return row;
  return Object.freeze({ ...row, oriented: { lo: row.oriented.lo, hi: null } });
}

/** A quantile's row: what it is can be read off the data, and nothing is claimed of a difference. */
function shownRow({ spec, data }: Seen, index: number, arm: number): AnalysisRow {
  const { name: metric, role, margin } = spec.metrics[index]!;
  const units = [recordedUnits(data, index, 0), recordedUnits(data, index, arm)] as const;
  const effect = problem('insufficient_data', 'a quantile is shown, and not tested', NO_SEQUENCE);
  return Object.freeze({ metric, role, arm, units, effect, oriented: { lo: null, hi: null }, margin });
}

interface Decided extends Pick<AnalysisInput, 'spec' | 'data' | 'at'> {
  readonly rows: readonly AnalysisRow[];
  readonly arrivals: readonly ArrivalRow[];
  readonly checks: Checks;
}

function gateVerdict({ spec, data, rows, arrivals, checks, at }: Decided, arm: number): GateVerdict {
  const primary = rows.find((row) => row.arm === arm && row.role === 'primary');
  const { stop } = spec;
  const verdict = gate({
    ...gateIntervals(rows, arm),
    breakerTripped: hasTripped(data.breaker, arm, spec.breaker.ceiling),
    ...checks,
    unitsMinArm: primary === undefined ? 0 : Math.min(...primary.units),
    minUnits: stop.minUnits,
    // Clocks of two machines may differ: what was decided before it began was decided when it began.
    elapsedH: Math.max(0, at - data.startedAt) / HOUR_MS,
    minDurationH: stop.minDurationMs / HOUR_MS,
    maxDurationH: stop.maxDurationMs / HOUR_MS,
    mde: spec.metrics.find(({ role }) => role === 'primary')?.minimumEffect ?? null,
    events: arrivalOf(
      arrivals,
      spec.metrics.findIndex(({ role }) => role === 'primary'),
      arm,
    ),
  });
  return verdictOf(verdict, spec);
}

/**
 * The same rules, of which only those that roll back are left. A sample ratio that is off does so, too: then guardrails see
 * nothing, and to go on ramping unseen is the one move that is not safe. There is no winner to wait for, so the numbers
 * that the other rules would read are set to where these rules cannot speak.
 */
function rolloutVerdict(
  spec: ExperimentSpec,
  data: AnalysisData,
  arm: number,
  rows: readonly AnalysisRow[],
  checks: Checks,
): GateVerdict {
  const { guardrails } = gateIntervals(rows, arm);
  const verdict = verdictOf(
    gate({
      primary: null,
      guardrails,
      breakerTripped: hasTripped(data.breaker, arm, spec.breaker.ceiling),
      ...checks,
      unitsMinArm: 0,
      minUnits: 0,
      elapsedH: 0,
      minDurationH: 0,
      maxDurationH: Number.MAX_VALUE,
      mde: null,
    }),
    spec,
  );
  if (verdict.decision === 'halt') return { ...verdict, decision: 'rollback' };
  if (verdict.decision === 'rollback') return verdict;
  const isWarm = guardrails.every(({ hi }) => hi !== null);
  return { ...verdict, reason: isWarm ? 'collecting' : 'warming_up' };
}

/** The gate's answer. Data of a store has one; a ledger that was changed by hand may not. */
function verdictOf(verdict: ReturnType<typeof gate>, { name }: ExperimentSpec): GateVerdict {
  if (verdict.status !== 'ok') throw invalid(`a look of '${name}' cannot be decided: ${verdict.why}`);
  const { decision, reason, guardrails } = verdict;
  return { decision, reason, guardrails };
}

const invalid = (message: string): SluiceError =>
  new SluiceError('look_data_invalid', {
    message,
    remedy: 'look at the ledger with `sluice experiment audit`; an experiment whose data is broken has to be aborted',
  });

/** How long an experiment is likely to go on: for people to plan with. Nothing is decided by it. */
const DAY_MS = 86_400_000;

interface JudgedAnalysis {
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
  readonly data: AnalysisData;
  readonly rows: readonly AnalysisRow[];
  readonly verdicts: readonly ArmVerdict[];
  readonly at: number;
}

/**
 * Days until a decision if units come as they have come and the effects are what they seem: an interval's width falls with the
 * square root of its units. Never beyond the maximum duration; null where nothing is to be waited for, or no unit has
 * matured.
 */
function daysLeft(analysis: JudgedAnalysis, { decision }: Pick<Combined, 'decision'>): number | null {
  if (decision !== 'continue') return null;
  const { spec, data, verdicts, at } = analysis;
  const passed = Math.max(0, at - data.startedAt);
  const [untilMin, untilMax] = [spec.stop.minDurationMs, spec.stop.maxDurationMs].map(
    (length) => Math.max(0, length - passed) / DAY_MS,
  ) as [number, number];
  const waits = verdicts
    .filter(
      ({ decision: own, reason }) => own === 'continue' && reason !== 'events_late' && reason !== 'events_missing',
    )
    .map((verdict) => (verdict.reason === 'min_duration' ? untilMin : waitOf(analysis, verdict.arm, untilMin)));
  const known = waits.filter((wait) => wait !== null);
  if (known.length === 0) return null;
  return Math.min(untilMax, ...known);
}

/** Days until this variant is decided on; null: not known. */
function waitOf(analysis: JudgedAnalysis, arm: number, untilMin: number): number | null {
  const { spec, settings, data, rows } = analysis;
  const row = rows.find((candidate) => candidate.arm === arm && candidate.role === 'primary');
  const metric = spec.metrics.find(({ name }) => name === row?.metric);
  if (row === undefined || metric === undefined) return null;
  const units = row.units[0] + row.units[1];
  const observedDays = (data.watermark - data.startedAt - metric.windowMs) / DAY_MS;
  if (units === 0 || observedDays <= 0) return null;
  const daysFor = (needed: number): number => (Math.max(0, needed - units) * observedDays) / units;
  const gain = gainOf(arm, rows, spec);
  const half = row.effect.halfWidth;
  if (half === null || !Number.isFinite(gain)) return Math.max(untilMin, daysFor(settings.nStar));
  // The units at which a width that is now `half` has become `to`.
  const unitsFor = (to: number): number => (to > 0 ? units * (half / to) ** 2 : Number.POSITIVE_INFINITY);
  const better = Math.max(unitsFor(gain), ...unprovenUnits(rows, arm, spec));
  const worse = unitsFor(-gain);
  const futile = metric.minimumEffect === null ? Number.POSITIVE_INFINITY : unitsFor(metric.minimumEffect - gain);
  return Math.min(daysFor(worse), Math.max(untilMin, daysFor(Math.min(better, futile))));
}

/** Units until each guardrail that is not proven yet is, if its harm is what it seems. */
function unprovenUnits(rows: readonly AnalysisRow[], arm: number, spec: ExperimentSpec): readonly number[] {
  return rows
    .filter((row) => row.arm === arm && row.role === 'guardrail')
    .map(({ metric, margin, oriented, effect, units }) => {
      if (oriented.hi === null || margin === null || effect.diff === null) return Number.POSITIVE_INFINITY;
      if (oriented.hi < margin) return 0;
      const isLower = spec.metrics.find(({ name }) => name === metric)?.better === 'lower';
      const harm = isLower ? effect.diff : -effect.diff;
      if (harm >= margin) return Number.POSITIVE_INFINITY;
      return (units[0] + units[1]) * ((oriented.hi - harm) / (margin - harm)) ** 2;
    });
}

/** From the verdicts on several variants to one decision on the experiment. */
export type Combined = Pick<AnalysisRecord, 'decision' | 'reason' | 'arm' | 'stops'>;

/** Priority of reasons if several variants get the same decision: the most specific comes first. */
const RANK: readonly GateReason[] = [
  'breaker',
  'guardrail',
  'srm',
  'exposure',
  'worse',
  'superior',
  'guardrails_unproven',
  'events_missing',
  'events_late',
  'min_duration',
  'futile',
  'no_effect_proven',
  'collecting',
  'insufficient_data',
  'warming_up',
];

/**
 * Safety first. A variant that is to be rolled back is stopped, and the experiment with the last of them; a split that is off
 * halts all; of those that may be promoted the one with the highest estimate is, and the others are stopped; it is
 * inconclusive when all that are left are.
 */
function combine(
  verdicts: readonly ArmVerdict[],
  rows: readonly AnalysisRow[],
  spec: ExperimentSpec,
  phase: Phase,
): Combined {
  const of = (decision: Decision): readonly ArmVerdict[] => verdicts.filter((verdict) => verdict.decision === decision);
  const rolledBack = of('rollback').map(({ arm }) => arm);
  const left = verdicts.filter(({ decision }) => decision !== 'rollback');
  // What a rollout serves is the winner: nothing goes on without it.
  if (left.length === 0 || (phase === 'rollout' && rolledBack.length > 0)) {
    return decided('rollback', of('rollback'), rolledBack, highestPriority(of('rollback')).arm);
  }
  if (of('halt').length > 0) return decided('halt', of('halt'), rolledBack, null);
  const promotable = of('promote');
  if (promotable.length > 0) {
    const winner = highest(promotable, rows, spec);
    return decided('promote', [winner], armsBut(winner.arm, verdicts), winner.arm);
  }
  const only = left.length === 1 ? left[0]!.arm : null;
  if (left.every(({ decision }) => decision === 'inconclusive')) return decided('inconclusive', left, rolledBack, only);
  return decided('continue', of('continue'), rolledBack, only);
}

function decided(
  decision: Decision,
  verdicts: readonly ArmVerdict[],
  stops: readonly number[],
  arm: number | null,
): Combined {
  return { decision, reason: highestPriority(verdicts).reason, arm, stops: Object.freeze([...stops]) };
}

/** The verdict with the reason of the highest priority; of equals the first variant. */
function highestPriority(verdicts: readonly ArmVerdict[]): ArmVerdict {
  return verdicts.reduce((best, next) => (RANK.indexOf(next.reason) < RANK.indexOf(best.reason) ? next : best));
}

const armsBut = (winner: number, verdicts: readonly ArmVerdict[]): readonly number[] =>
  verdicts.map(({ arm }) => arm).filter((arm) => arm !== winner);

function highest(verdicts: readonly ArmVerdict[], rows: readonly AnalysisRow[], spec: ExperimentSpec): ArmVerdict {
  return verdicts.reduce((best, next) => (gainOf(next.arm, rows, spec) > gainOf(best.arm, rows, spec) ? next : best));
}

/** A variant's estimate on the primary metric, turned so that more is better; null before there is one. */
export function gainOf(arm: number, rows: readonly AnalysisRow[], spec: ExperimentSpec): number {
  const row = rows.find((candidate) => candidate.arm === arm && candidate.role === 'primary');
  const diff = row?.effect.diff ?? null;
  if (row === undefined || diff === null) return Number.NEGATIVE_INFINITY;
  return spec.metrics.find(({ name }) => name === row.metric)?.better === 'lower' ? -diff : diff;
}

/** Whether one window's count trips it. */
export function isTripped({ requests, failures, window }: BreakerCount, ceiling: number): boolean {
  const evidence = breaker({ requests, failures, ceiling });
  return evidence.status === 'ok' && breakerTrips(evidence.logE, window);
}

/** Whether the variant has tripped in any window. */
function hasTripped(counts: readonly BreakerCount[], arm: number, ceiling: number): boolean {
  return counts.some((count) => count.arm === arm && isTripped(count, ceiling));
}
