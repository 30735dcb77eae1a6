/**
 * The law of an experiment: from what the store has summed up by a watermark to what is decided, as one record that the ledger
 * keeps. Pure: the same data, spec and settings give the same record, byte for byte, so that anybody can work it out again.
 */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import type { ArmVerdict, ArrivalRow, LookData, LookPhase, LookRecord, SrmRow } from '../model/look-data.ts';
import { NO_SEQUENCE } from '../stats/asymp-cs.ts';
import { type GateInput, type GateVerdict, gate } from '../stats/gate.ts';
import { gateIntervals, type LookRow, lookAt } from '../stats/interim-analysis.ts';
import { problem } from '../stats/result.ts';
import { arrivalOf, arrivalRows } from './arrival.ts';
import { hasTripped } from './breaker.ts';
import { exposureRates } from './exposure-rates.ts';
import { isTested, lookMetric, recordedUnits } from './look-cells.ts';
import { type Combined, combine } from './look-combine.ts';
import { daysLeft } from './look-days.ts';
import { type Method, methodOf } from './method.ts';
import { sampleRatios, servedArms, worstChiSquareP, worstP } from './srm.ts';

const HOUR_MS = 3_600_000;

export interface LookInput {
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
  readonly data: LookData;
  /** From 1. */
  readonly lookNo: number;
  /** In a `rollout` only the breaker, the guardrails, the sample ratio and the exposure rates decide, each of them for a rollback. */
  readonly phase: LookPhase;
  /** When it is decided, in milliseconds since the epoch. */
  readonly at: number;
  /** Of the library. */
  readonly version: string;
}

/**
 * One look. Rows are of the variants that are still served; those that were stopped keep their part of the levels, as at the
 * start. A ratio is compared within each stage and its differences are averaged by units, as means are.
 *
 * @throws SluiceError `look_data_invalid` for data that no store gives, and where no variant is left to be looked at;
 *   `method_unknown` where the settings name a method version of a newer Sluice
 */
export function lookRecord({ spec, settings, data, lookNo, phase, at, version }: LookInput): LookRecord {
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

type Seen = Pick<LookInput, 'spec' | 'settings' | 'data'>;

/** A row per metric and served variant, in the order of the spec. A rollout's levels are its own, over what it serves. */
function rowsOf(
  { spec, settings, data }: Seen,
  served: readonly number[],
  phase: LookPhase,
  arrivals: readonly ArrivalRow[],
): readonly LookRow[] {
  const arms = phase === 'rollout' ? [0, ...served] : spec.arms.map((_, arm) => arm);
  const tested = spec.metrics.flatMap((metric, index) =>
    isTested(metric) ? [lookMetric(spec, settings, data, index, arms)] : [],
  );
  const { nullVariance } = methodOf(settings.methodVersion);
  const rows = lookAt(tested, { ...settings, nullVariance })
    .map((row): LookRow => Object.freeze({ ...row, arm: arms[row.arm]! }))
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
function unproven(row: LookRow, { metrics }: ExperimentSpec, arrivals: readonly ArrivalRow[]): LookRow {
  const index = metrics.findIndex(({ name }) => name === row.metric);
  if (row.role !== 'guardrail' || arrivalOf(arrivals, index, row.arm) === 'arrived') return row;
  return Object.freeze({ ...row, oriented: { lo: row.oriented.lo, hi: null } });
}

/** A quantile's row: what it is can be read off the data, and nothing is claimed of a difference. */
function shownRow({ spec, data }: Seen, index: number, arm: number): LookRow {
  const { name: metric, role, margin } = spec.metrics[index]!;
  const units = [recordedUnits(data, index, 0), recordedUnits(data, index, arm)] as const;
  const effect = problem('insufficient_data', 'a quantile is shown, and not tested', NO_SEQUENCE);
  return Object.freeze({ metric, role, arm, units, effect, oriented: { lo: null, hi: null }, margin });
}

interface Decided extends Pick<LookInput, 'spec' | 'data' | 'at'> {
  readonly rows: readonly LookRow[];
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
  data: LookData,
  arm: number,
  rows: readonly LookRow[],
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
