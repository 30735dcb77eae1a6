/** A card for each metric: the verdict in a word, a bar with its interval for each side, differences, and what they rest on. */
import { useCallback, useState } from 'react';
import { showPercent, showWhole } from '../../../src/base/format.ts';
import type { Comparison, PageMetric } from '../../../src/evaluation/report/page-data.ts';
import {
  betterWords,
  declaredWords,
  differenceUnit,
  leadingEffect,
  MISSING,
  showEffect,
  showMean,
  showRange,
  showScoresAlone,
} from '../../../src/evaluation/report/values.ts';
import { type Frame, heightOf } from './chart-frame.ts';
import type { OnLook } from './examples.tsx';
import { FramedChart } from './framed-chart.tsx';
import { effectsOption, meansOption } from './row-charts.ts';

interface MetricsProps {
  readonly comparison: Comparison;
  /** Shows the examples of a metric and a side. */
  readonly onLook: OnLook;
}

export function Metrics({ comparison: { page, examples }, onLook }: MetricsProps) {
  const declared = page.metrics.filter(({ role }) => role !== 'secondary');
  // Where nothing was declared, all of them are exploratory, and shown.
  const [isAll, setAll] = useState(declared.length === 0);
  const shown = isAll ? page.metrics : declared;
  return (
    <section id="metrics" aria-labelledby="metrics-title">
      <div className="bar">
        <h2 id="metrics-title">Metrics</h2>
        <label>
          <input type="checkbox" checked={isAll} onChange={({ target }) => setAll(target.checked)} /> Also the{' '}
          {page.metrics.length - declared.length} that decide nothing
        </label>
        <span className="muted">
          {showPercent(1 - page.alpha)} intervals; the dashed line is the baseline on the same pairs; red is proven
          harm.
        </span>
      </div>
      <div className="grid">
        {shown.map((metric) => (
          <MetricCard
            key={metric.name}
            {...{ metric, examples }}
            sides={page.sides}
            onLook={(side) => onLook({ metric: page.metrics.indexOf(metric), side, tag: null })}
          />
        ))}
      </div>
    </section>
  );
}

interface CardProps {
  readonly metric: PageMetric;
  readonly sides: readonly string[];
  readonly examples: number;
  readonly onLook: (side: number) => void;
}

function MetricCard({ metric, sides, examples, onLook }: CardProps) {
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
          <button
            key={side}
            type="button"
            className={`badge ${toneClass(words[place]!.tone)}`}
            title={`Examples of ${name}, ${sides[side]}`}
            onClick={() => onLook(side)}
          >
            {sides[side]}: {words[place]!.word}
          </button>
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
                {HEADINGS.filter((heading) => heading !== HARM || role === 'guardrail').map((heading) => (
                  <th key={heading} scope="col">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {metric.sides.map(({ side, variant, baseline, effect, corrected, pairs, missing, guardrail }) => (
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
                    {showWhole(pairs)} of {showWhole(examples)}
                  </td>
                  <td>
                    {missing.cells === 0 ? 'none' : `${showWhole(missing.cells)} (${showPercent(missing.share)})`}
                  </td>
                  <td>{missing.inapplicable === 0 ? 'none' : showWhole(missing.inapplicable)}</td>
                  {role === 'guardrail' && <td>{harmWords(guardrail, format)}</td>}
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

const HARM = 'harm, one-sided';
const HEADINGS = ['side', 'mean', 'baseline', 'difference', 'pairs', 'missing', 'nothing to score', HARM] as const;

function harmWords(guardrail: PageMetric['sides'][number]['guardrail'], format: PageMetric['format']): string {
  if (guardrail === null || guardrail.lo === null || guardrail.hi === null) return MISSING;
  return showRange(guardrail.lo, guardrail.hi, format);
}

/** `Coverage: 360 to 372 of 400 examples, up to 8 missing`; of sides that may not be compared, why not. */
function coverageWords({ sides: all }: PageMetric, examples: number): string {
  const sides = all.filter(({ why }) => why === null || !INCOMPARABLE.has(why.code));
  const [apart] = all.filter((side) => !sides.includes(side));
  const notCompared = apart === undefined ? '' : `Not compared: ${apart.why!.words}`;
  if (sides.length === 0) return notCompared;
  const pairs = sides.map((side) => side.pairs);
  const [least, most] = [Math.min(...pairs), Math.max(...pairs)];
  const range = least === most ? showWhole(most) : `${showWhole(least)} to ${showWhole(most)}`;
  const holes = sides.map(({ missing }) => missing).sort((one, other) => other.cells - one.cells)[0];
  const lacking =
    holes === undefined || holes.cells === 0 ? 'nothing missing' : `up to ${showWhole(holes.cells)} missing`;
  return [`Coverage: ${range} of ${showWhole(examples)} examples, ${lacking}`, notCompared].filter(Boolean).join('. ');
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
    const why = reasons.map(({ reason, cells: count }) => `${showWhole(count)} ${reason}`).join('; ');
    return `${name} has no value of ${showWhole(cells)} (${why})`;
  });
  return `${words.join(', ')}: never taken for 0.`;
}

const toneClass = (tone: string): string => (tone === 'harm' ? 'harm' : tone === 'good' ? 'accent' : '');
