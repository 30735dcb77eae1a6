/** What an experiment was asked, as fixed at its start. */
import { percent, showSpan } from '../../../../experiment/report-text.ts';
import { whole } from '../../format.ts';
import { type ExperimentStatus, isLive, type Report } from './types.ts';

export function AskedFacts({
  report: { asked, daysLeft },
  status,
}: {
  readonly report: Report;
  readonly status: ExperimentStatus;
}) {
  const { unitName, share, layer, arms, stop, rollout, breaker } = asked;
  const facts: readonly (readonly [string, string])[] = [
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
    ...(daysLeft !== null && isLive(status)
      ? [['At this pace', `about ${whole(Math.ceil(daysLeft))} more days`] as const]
      : []),
  ];
  return (
    <dl className="facts">
      {facts.map(([name, text]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
