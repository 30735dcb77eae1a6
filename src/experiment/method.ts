/**
 * Versions of the method: the rules that turn the data of a look into a decision. An experiment keeps the version that it
 * started with, and each of its looks names it, so that a ledger audits equal after the rules have changed.
 *
 * To change a rule, add a version with a field for the rule. Never edit the fields of a version that has been released.
 */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec, FrozenSettings } from '../model/experiment-spec.ts';
import { hashJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { ROLLBACK_N_STAR } from '../stats/asymp-cs.ts';
import { SRM_HALT_P, SRM_SHARED_HALT_P } from '../stats/srm.ts';

export interface Method {
  readonly version: number;
  /** `AnalysisSettings.nullVariance`. */
  readonly nullVariance: boolean;
  /** A look halts where the sequential test of the sample ratio has a p below this. */
  readonly srmHaltsBelow: number;
  /** Whether a look that would promote or end the experiment also halts where the chi-square test has such a p. */
  readonly srmChiSquare: boolean;
  /** Whether arms that expose different parts of their assigned units halt the experiment. */
  readonly comparesExposure: boolean;
  /** Whether a verdict waits until the events of its metrics have arrived (`arrival.ts`). */
  readonly checksArrival: boolean;
}

const METHODS: readonly Method[] = [
  {
    version: 1,
    nullVariance: false,
    srmHaltsBelow: SRM_HALT_P,
    srmChiSquare: false,
    comparesExposure: false,
    checksArrival: false,
  },
  {
    version: 2,
    nullVariance: true,
    srmHaltsBelow: SRM_SHARED_HALT_P,
    srmChiSquare: true,
    comparesExposure: true,
    checksArrival: true,
  },
];

/** The version that new experiments start with. */
export const METHOD_VERSION = METHODS.length;

/**
 * The rules of one version. Experiments that started before versions were recorded have version 1.
 *
 * @throws SluiceError `method_unknown` for a version of a newer Sluice
 */
export function methodOf(version: number = 1): Method {
  const method = METHODS.find((each) => each.version === version);
  if (method !== undefined) return method;
  throw new SluiceError('method_unknown', {
    message: `method version ${version} is unknown; this Sluice knows versions 1 to ${METHOD_VERSION}`,
    remedy: 'upgrade Sluice to the version that started the experiment, or to a newer one',
    data: { version, newest: METHOD_VERSION },
  });
}

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
