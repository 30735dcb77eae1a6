/** A card for each metric: the verdict in a word, a bar with its interval for each side, differences, and what they rest on. */
import { useCallback, useState } from 'react';
import { effectsOption } from '../../../../evaluation/report/page/charts/effects.ts';
import type { Frame } from '../../../../evaluation/report/page/charts/frame.ts';
import { meansOption } from '../../../../evaluation/report/page/charts/means.ts';
import { heightOf } from '../../../../evaluation/report/page/charts/row-axes.ts';
import type { PageMetric } from '../../../../evaluation/report/page-data.ts';
import {
  betterWords,
  declaredWords,
  differenceUnit,
  leadingEffect,
  showEffect,
  showMean,
  showScoresAlone,
} from '../../../../evaluation/report/values.ts';
import { percent, whole } from '../../format.ts';
import { FramedChart } from './framed-chart.tsx';
import type { Comparison } from './types.ts';

export function Metrics({ comparison: { page, examples } }: { readonly comparison: Comparison }) {
  const declared = page.metrics.filter(({ role }) => role !== 'secondary');
  // Where nothing was declared, all of them are exploratory, and shown.
  const [isAll, setAll] = useState(declared.length === 0);
  const shown = isAll ? page.metrics : declared;
  return (
    <section aria-labelledby="metrics-title">
      <div className="bar">
        <h2 id="metrics-title">Metrics</h2>
        <label>
          <input type="checkbox" checked={isAll} onChange={({ target }) => setAll(target.checked)} /> Also the{' '}
          {page.metrics.length - declared.length} that decide nothing
        </label>
        <span className="muted">
          {percent(1 - page.alpha, 0)} intervals; the dashed line is the baseline on the same pairs; red is proven harm.
        </span>
      </div>
      <div className="grid">
        {shown.map((metric) => (
          <MetricCard key={metric.name} metric={metric} sides={page.sides} examples={examples} />
        ))}
      </div>
    </section>
  );
}

interface CardProps {
  readonly metric: PageMetric;
  readonly sides: readonly string[];
  readonly examples: number;
}

function MetricCard({ metric, sides, examples }: CardProps) {
  const { name, role, better, format, words } = metric;
  const means = useCallback((frame: Frame) => meansOption(metric, sides, frame), [metric, sides]);
  const effects = useCallback((frame: Frame) => effectsOption(metric, sides, frame), [metric, sides]);
  const height = `${heightOf(sides.length)}px`;
  const unit = differenceUnit(format);
  const about = [role, betterWords(better), declaredWords(metric)].filter(Boolean).join(', ');
  return (
    <section className="card metric" aria-label={name}>
      <h3>{name}</h3>
      <p className="muted">{about}</p>
      <p className="bar bare">
        {metric.sides.map(({ side }, place) => (
          <span key={side} className={`badge ${toneClass(words[place]!.tone)}`}>
            {sides[side]}: {words[place]!.word}
          </span>
        ))}
      </p>
      <FramedChart label={`Means of ${name} with intervals; the table below has them`} option={means} height={height} />
      <p className="muted">{coverageWords(metric, examples)}</p>
      <details>
        <summary>Differences{unit && ` in ${unit}`}, coverage, and why</summary>
        <FramedChart
          label={`Differences from the baseline in ${name}; the table has them`}
          option={effects}
          height={height}
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section className="table-wrap" tabIndex={0} aria-label={`Numbers of ${name}`}>
          <table className="rows">
            <thead>
              <tr>
                {['side', 'mean', 'baseline', 'difference', 'pairs', 'missing', 'nothing to score'].map((heading) => (
                  <th key={heading} scope="col">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {metric.sides.map(({ side, variant, baseline, effect, corrected, pairs, missing }) => (
                <tr key={side}>
                  <th scope="row">{sides[side]}</th>
                  <td>{showMean(variant, format)}</td>
                  <td>{showMean(baseline, format)}</td>
                  <td>
                    {showEffect(leadingEffect({ effect, corrected }), format)}
                    {corrected !== null && (
                      <small className="muted"> ({showScoresAlone({ effect, corrected }, format)})</small>
                    )}
                  </td>
                  <td>
                    {whole(pairs)} of {whole(examples)}
                  </td>
                  <td>{missing.cells === 0 ? 'none' : `${whole(missing.cells)} (${percent(missing.share)})`}</td>
                  <td>{missing.inapplicable === 0 ? 'none' : whole(missing.inapplicable)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        {metric.sides.flatMap(({ side, missing }) => {
          const words = missingWords(missing, sides[0]!, sides[side]!);
          return words === '' ? [] : [<p key={`missing ${side}`}>{words}</p>];
        })}
        {metric.sides.map(({ side, sentences, guardrail }) => (
          <p key={side}>
            <strong>{sides[side]}.</strong> {(guardrail?.sentences ?? sentences).join(' ')}
          </p>
        ))}
      </details>
    </section>
  );
}

/** `Coverage: 360 to 372 of 400 examples, up to 8 missing`; of sides that may not be compared, why not. */
function coverageWords({ sides: all }: PageMetric, examples: number): string {
  const sides = all.filter(({ why }) => why === null || !INCOMPARABLE.has(why.code));
  const [apart] = all.filter((side) => !sides.includes(side));
  const notCompared = apart === undefined ? '' : `Not compared: ${apart.why!.words}`;
  if (sides.length === 0) return notCompared;
  const pairs = sides.map((side) => side.pairs);
  const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
  const range = least === most ? whole(most) : `${whole(least)} to ${whole(most)}`;
  const holes = sides.map(({ missing }) => missing).sort((one, other) => other.cells - one.cells)[0];
  const lacking = holes === undefined || holes.cells === 0 ? 'nothing missing' : `up to ${whole(holes.cells)} missing`;
  return [`Coverage: ${range} of ${whole(examples)} examples, ${lacking}`, notCompared].filter(Boolean).join('. ');
}

type NoVerdict = NonNullable<PageMetric['sides'][number]['why']>['code'];
/** Two such columns are not the same thing: nothing of them is missing. */
const INCOMPARABLE: ReadonlySet<NoVerdict> = new Set([
  ...(['not_measured', 'defined_differently', 'scorer_versions', 'no_common_run'] as const),
]);

type Missing = PageMetric['sides'][number]['missing'];

/** `hybrid lacks 12 (openai: rate limited), baseline 3 (…)`; empty where nothing is missing. */
function missingWords({ baseline, variant }: Missing, base: string, side: string): string {
  const lacking = [
    { name: side, ...variant },
    { name: base, ...baseline },
  ].filter(({ cells }) => cells > 0);
  if (lacking.length === 0) return '';
  const words = lacking.map(({ name, cells, reasons }) => {
    const why = reasons.map(({ reason, cells: count }) => `${whole(count)} ${reason}`).join('; ');
    return `${name} has no value of ${whole(cells)} (${why})`;
  });
  return `${words.join(', ')}: never taken for 0.`;
}

const toneClass = (tone: string): string => (tone === 'harm' ? 'harm' : tone === 'good' ? 'accent' : '');
