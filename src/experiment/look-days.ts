/** How long an experiment is likely to go on: for people to plan with. Nothing is decided by it. */

import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import type { ArmVerdict, LookData } from '../model/look-data.ts';
import type { LookRow } from '../stats/interim-analysis.ts';
import { type Combined, gainOf } from './look-combine.ts';

const DAY_MS = 86_400_000;

interface Looked {
  readonly spec: ExperimentSpec;
  readonly settings: FrozenSettings;
  readonly data: LookData;
  readonly rows: readonly LookRow[];
  readonly verdicts: readonly ArmVerdict[];
  readonly at: number;
}

/**
 * Days until a decision if units come as they have come and the effects are what they seem: an interval's width falls with the
 * square root of its units. Never beyond the maximum duration; null where nothing is to be waited for, or no unit has
 * matured.
 */
export function daysLeft(looked: Looked, { decision }: Pick<Combined, 'decision'>): number | null {
  if (decision !== 'continue') return null;
  const { spec, data, verdicts, at } = looked;
  const passed = Math.max(0, at - data.startedAt);
  const [untilMin, untilMax] = [spec.stop.minDurationMs, spec.stop.maxDurationMs].map(
    (length) => Math.max(0, length - passed) / DAY_MS,
  ) as [number, number];
  const waits = verdicts
    .filter(
      ({ decision: own, reason }) => own === 'continue' && reason !== 'events_late' && reason !== 'events_missing',
    )
    .map((verdict) => (verdict.reason === 'min_duration' ? untilMin : waitOf(looked, verdict.arm, untilMin)));
  const known = waits.filter((wait) => wait !== null);
  if (known.length === 0) return null;
  return Math.min(untilMax, ...known);
}

/** Days until this variant is decided on; null: not known. */
function waitOf(looked: Looked, arm: number, untilMin: number): number | null {
  const { spec, settings, data, rows } = looked;
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
function unprovenUnits(rows: readonly LookRow[], arm: number, spec: ExperimentSpec): readonly number[] {
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
