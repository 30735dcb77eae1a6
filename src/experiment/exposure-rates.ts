/**
 * Whether all arms expose the same part of the units that are assigned to them. Who is exposed cannot depend on the arm; where
 * it does all the same (an arm delays or breaks what comes before the edited node), those who are compared differ.
 */

import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { ExposureRates, LookData } from '../model/look-data.ts';
import { sameRateSequential } from '../stats/srm.ts';
import { servedArms } from './srm.ts';

/** Over the arms that are served; e-values of stages multiply. Null where nobody is assigned, or nothing is known of it. */
export function exposureRates(spec: ExperimentSpec, data: LookData): ExposureRates | null {
  const { assigned = [] } = data;
  const arms = servedArms(spec, data);
  let logE = 0;
  const totals = arms.map(() => ({ assigned: 0, exposed: 0 }));
  const stages = new Set(assigned.map(({ stage }) => stage));
  for (const stage of stages) {
    const counts = arms.map((arm) => assigned.find((each) => each.stage === stage && each.arm === arm));
    const units = counts.map((count) => count?.n ?? 0);
    const exposed = counts.map((count) => count?.exposed ?? 0);
    for (const [place, total] of totals.entries()) {
      total.assigned += units[place]!;
      total.exposed += exposed[place]!;
    }
    const test = sameRateSequential(exposed, units);
    if (test.status === 'ok') logE += test.logE;
  }
  if (totals.every((total) => total.assigned === 0)) return null;
  return Object.freeze({
    assigned: totals.map((total) => total.assigned),
    exposed: totals.map((total) => total.exposed),
    p: Math.min(1, Math.exp(-logE)),
  });
}
