/** What an experiment was asked, as fixed at its start: a name and a clause for each. */

import { showPercent, showSpan, showWhole } from '../base/format.ts';
import type { LookReport } from './look-report.ts';

/** @param live whether it may still decide */
export function askedFacts(
  { asked, daysLeft }: Pick<LookReport, 'asked' | 'daysLeft'>,
  live: boolean,
): readonly (readonly [name: string, text: string])[] {
  const { unitName, share, layer, arms, stop, rollout, breaker } = asked;
  return [
    ['Share', `${showPercent(share)} of all ${unitName}s${layer === null ? '' : `, in the layer ${layer}`}`],
    ['Arms', arms.map(({ name, weight }) => `${name} ${showPercent(weight)}`).join(' · ')],
    [
      'Decides',
      `after ${showSpan(stop.minDurationMs)} and ${showWhole(stop.minUnits)} ${unitName}s per arm at the earliest, ${showSpan(stop.maxDurationMs)} at the latest`,
    ],
    [
      'Looks',
      `every ${showSpan(stop.lookEveryMs)}, at a level of ${showPercent(stop.alpha)} over all of them (${stop.method.replace('_', ' ')})`,
    ],
    [
      'Breaker',
      `a variant is taken back at once where more than ${showPercent(breaker.ceiling)} of its runs fail within ${showSpan(breaker.windowMs)}`,
    ],
    ['Winner', rollout.approval === 'manual' ? 'waits for an approval' : 'is rolled out by itself'],
    ...(daysLeft !== null && live
      ? [['At this pace', `about ${showWhole(Math.ceil(daysLeft))} more days`] as const]
      : []),
  ];
}
