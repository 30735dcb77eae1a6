/** All metrics in one picture: the worst in the middle and the best at the edge, whichever direction is good; gaps are gaps. */
import { useCallback, useMemo, useState } from 'react';
import type { Frame } from '../../../../evaluation/report/page/charts/frame.ts';
import { FEWEST_AXES, profileOption } from '../../../../evaluation/report/page/charts/profile.ts';
import type { PageMetric } from '../../../../evaluation/report/page-data.ts';
import { showValue } from '../../../../evaluation/report/values.ts';
import { FramedChart } from './framed-chart.tsx';
import type { Comparison } from './types.ts';

const MOST_AXES = 10;

interface ProfileProps {
  readonly page: Comparison['page'];
  readonly side: number;
}

export function Profile({ page: { metrics, sides }, side }: ProfileProps) {
  const able = useMemo(() => metrics.filter(({ scale }) => scale !== null), [metrics]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set(able.slice(MOST_AXES).map(({ name }) => name)));
  const shown = useMemo(() => able.filter(({ name }) => !hidden.has(name)), [able, hidden]);
  const option = useCallback(
    (frame: Frame) => profileOption({ metrics: shown, labels: sides, side }, frame),
    [shown, sides, side],
  );
  const toggle = (name: string) => setHidden((now) => (now.has(name) ? without(now, name) : new Set([...now, name])));
  const hasAny = shown.some((metric) => metric.sides.some(({ variant }) => variant.mean !== null));
  return (
    <section className="card" aria-labelledby="profile-title">
      <h2 id="profile-title">All metrics</h2>
      {able.length < FEWEST_AXES ? (
        <p className="muted">A picture needs at least {FEWEST_AXES} metrics whose values differ.</p>
      ) : !hasAny ? (
        <p className="muted">No metric could be compared: no example has a value on both sides.</p>
      ) : (
        <>
          <p className="muted keys">
            <span className="key accent" /> {sides[side]} <span className="key grey" /> {sides[0]}
            {sides.length > 2 && ', others faint'}. The edge is the best; what is missing is a gap.
          </p>
          <FramedChart
            label="All metrics of each side; the cards below have the same values"
            option={option}
            height="21rem"
          />
          <details>
            <summary>Axes</summary>
            {able.map((metric) => (
              <label key={metric.name} className="axis-choice">
                <input
                  type="checkbox"
                  checked={!hidden.has(metric.name)}
                  disabled={!hidden.has(metric.name) && shown.length <= FEWEST_AXES}
                  onChange={() => toggle(metric.name)}
                />{' '}
                {metric.name} <span className="muted">{scaleWords(metric)}</span>
              </label>
            ))}
          </details>
        </>
      )}
    </section>
  );
}

const without = (set: ReadonlySet<string>, name: string) => new Set([...set].filter((each) => each !== name));

function scaleWords({ scale, format, better }: PageMetric): string {
  if (scale === null) return '';
  const turned = better === 'lower' ? ', lower is better: turned' : '';
  return `from ${showValue(scale.worst, format)} to ${showValue(scale.best, format)}${turned}`;
}
