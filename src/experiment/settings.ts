/** What is fixed when an experiment starts: levels, tuning, and a hash of these with the spec that every look repeats. */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { ROLLBACK_N_STAR } from '../stats/asymp-cs.ts';
import { METHOD_VERSION } from './method.ts';

/** Of `planExperiment`: tuning alone. Wrong ones cost width of intervals, and are as valid. */
export interface PlannedTuning {
  /** Units of the baseline and one variant together at which the primary's interval is to be tightest. */
  readonly nStar: number;
  /** n SE^2 of one unit, by metric, in the order of the spec. */
  readonly vRefs: readonly number[];
}

/**
 * The settings of an experiment, as they stay from its first look to its last.
 *
 * @throws SluiceError `settings_invalid` where tuning is missing for a metric, or is not above 0
 */
export function freezeSettings(spec: ExperimentSpec, { nStar, vRefs }: PlannedTuning): FrozenSettings {
  const isTuning = (value: number) => Number.isFinite(value) && value > 0;
  if (!isTuning(nStar) || vRefs.length !== spec.metrics.length || !vRefs.every(isTuning))
    throw new SluiceError('settings_invalid', {
      message: `the settings of '${spec.name}' cannot be fixed: n* is ${nStar}, and ${vRefs.length} metrics have a reference variance of ${vRefs.join(', ') || 'none'}`,
      remedy: `give an n* above 0, and one variance above 0 for each of its ${spec.metrics.length} metrics: planExperiment makes both`,
    });
  const { method, alpha, alphaRollback, alphaPromotion } = spec.stop;
  const settings = {
    ...{ method, alpha, alphaRollback, alphaPromotion, nStar, nStarRollback: ROLLBACK_N_STAR, vRefs },
    methodVersion: METHOD_VERSION,
  };
  return Object.freeze({ ...settings, vRefs: Object.freeze([...vRefs]), hash: hashOf(spec, settings) });
}

/** Whether the hash is that of this spec with these settings. */
export function isHashOf(spec: ExperimentSpec, { hash, ...settings }: FrozenSettings): boolean {
  return hash === hashOf(spec, settings);
}

const hashOf = (spec: ExperimentSpec, settings: Omit<FrozenSettings, 'hash'>): string =>
  hashJson({ spec, settings } as unknown as Json);
