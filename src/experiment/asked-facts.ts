/** What an experiment was asked, as fixed at its start: a name and a clause for each. */
import type { LookReport } from './look-report.ts';
import { percent, showSpan } from './report-text.ts';

/** @param live whether it may still decide */
export function askedFacts(
  { asked, daysLeft }: Pick<LookReport, 'asked' | 'daysLeft'>,
  live: boolean,
): readonly (readonly [name: string, text: string])[] {
  const { unitName, share, layer, arms, stop, rollout, breaker } = asked;
  return [
    ['Share', `${percent(share)} of all ${unitName}s${layer === null ? '' : `, in the layer ${layer}`}`],
    ['Arms', arms.map(({ name, weight }) => `${name} ${percent(weight)}`).join(' · ')],
    [
      'Decides',
      `after ${showSpan(stop.minDurationMs)} and ${whole(stop.minUnits)} ${unitName}s per arm at the earliest, ${showSpan(stop.maxDurationMs)} at the latest`,
    ],
    [
      'Looks',
      `every ${showSpan(stop.lookEveryMs)}, at a level of ${percent(stop.alpha)} over all of them (${stop.method.replace('_', ' ')})`,
    ],
    [
      'Breaker',
      `a variant is taken back at once where more than ${percent(breaker.ceiling)} of its runs fail within ${showSpan(breaker.windowMs)}`,
    ],
    ['Winner', rollout.approval === 'manual' ? 'waits for an approval' : 'is rolled out by itself'],
    ...(daysLeft !== null && live ? [['At this pace', `about ${whole(Math.ceil(daysLeft))} more days`] as const] : []),
  ];
}

const whole = (value: number): string => value.toLocaleString('en');
