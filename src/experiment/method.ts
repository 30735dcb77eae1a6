/**
 * Versions of the method: the rules that turn the data of a look into a decision. An experiment keeps the version that it
 * started with, and each of its looks names it, so that a ledger audits equal after the rules have changed.
 *
 * To change a rule, add a version with a field for the rule. Never edit the fields of a version that has been released.
 */
import { SluiceError } from '../base/errors.ts';
import { SRM_HALT_P, SRM_SHARED_HALT_P } from '../stats/srm.ts';

export interface Method {
  readonly version: number;
  /** `LookSettings.nullVariance`. */
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
