/** A comparison, wherever it comes from: in words first, then in pictures, then example by example. */
import '../../style/compare.css';
import { type ComponentType, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import { comparedRows } from '../../../src/evaluation/report/facts.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { betterWords, showEffect, showValue, sliceWord } from '../../../src/evaluation/report/values.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import { Empty } from '../../parts/states.tsx';
import type { ExampleProps } from './example-detail.tsx';
import { openPage } from './example-pairs.ts';
import { Examples, type OnLook } from './examples.tsx';
import { Leaderboard, Method } from './method.tsx';
import { Metrics } from './metrics.tsx';
import { Profile } from './profile.tsx';
import { refOf, type Side } from './side-ref.ts';
import { Verdict, Warnings } from './verdict.tsx';

/** What a screen over the API can do that a file cannot, and where each finds what was answered. */
export interface ComparisonHost {
  /** The evaluations as the screen's address has them; null in a file, where no other can be chosen. */
  readonly ids: string | null;
  /** What both sides answered to an example. */
  readonly Answers: ComponentType<ExampleProps>;
  /** How both sides came to it; null where that is not known. */
  readonly Trace: ComponentType<ExampleProps> | null;
  /** Links and commands at the end of an example. */
  readonly Foot: ComponentType<ExampleProps>;
}

interface ComparisonViewProps {
  readonly comparison: Comparison;
  readonly host: ComparisonHost;
}

const SECTIONS = ['answer', 'compared', 'metrics', 'slices', 'examples', 'leaderboard', 'method'] as const;

export function ComparisonView({ comparison, host }: ComparisonViewProps) {
  const { report, examples, leaderboard } = comparison;
  const page = useMemo(() => openPage(comparison.page), [comparison.page]);
  // The first metric, as primaries come first.
  const [{ metric, side }, setLook] = useState({ metric: 0, side: 1 });
  const [asked, setAsked] = useState<{ readonly tag: number | null } | null>(null);
  const onLook = ({ tag, ...look }: { metric: number; side: number; tag: number | null }) => {
    setLook(look);
    setAsked({ tag });
  };
  const latency = report.metrics.findIndex(
    ({ source, kind }) => source.from === 'run' && source.field === 'latencyMs' && kind === 'mean',
  );
  const lacking = {
    slices: report.slices.length === 0,
    leaderboard: leaderboard === null,
    metrics: page.metrics.length === 0,
    examples: page.metrics.length === 0,
  } as const;
  const sections = SECTIONS.filter((section) => !(section in lacking && lacking[section as keyof typeof lacking]));
  if (page.sides.length < 2)
    return (
      <Empty title="There is nothing to compare it with">
        The evaluation has one variant. Choose another evaluation to compare with it.
      </Empty>
    );
  return (
    <>
      <nav className="bar" aria-label="Sections">
        {sections.map((section) => (
          <a key={section} href={`#${section}`}>
            {section[0]!.toUpperCase() + section.slice(1)}
          </a>
        ))}
      </nav>
      <Warnings report={report} />
      <div className="grid pictures" id="answer">
        <section className="card" aria-labelledby="answer-title">
          <h2 id="answer-title">Result</h2>
          <Verdict comparison={comparison} />
        </section>
        <Profile page={comparison.page} side={side} />
      </div>
      <Sides comparison={comparison} canChange={host.ids !== null} />
      {page.metrics.length === 0 ? (
        <Empty title="There are no metrics to compare by">Give the evaluation a scorer.</Empty>
      ) : (
        <>
          <Metrics comparison={comparison} onLook={onLook} />
          <Slices comparison={comparison} onLook={onLook} />
          {page.ids.length < examples && (
            <p className="notice">
              {showWhole(page.ids.length)} of {showWhole(examples)} examples are here: those that differ most, and a
              sample of the rest. All count in what is said above.
            </p>
          )}
          <Examples
            {...{ page, metric, side, host, asked }}
            latency={latency < 0 ? null : latency}
            onChoose={(change) => setLook((now) => ({ ...now, ...change }))}
          />
        </>
      )}
      {leaderboard !== null && <Leaderboard board={leaderboard} />}
      <Method comparison={comparison} />
    </>
  );
}

// The sides of a comparison, the baseline first, and their differences.

interface SidesProps {
  readonly comparison: Comparison;
  /** Whether another choice of sides can be shown. */
  readonly canChange: boolean;
}

function Sides({ comparison, canChange }: SidesProps) {
  const { sides } = comparison.report;
  const [isDiffOnly, setDiffOnly] = useState(false);
  const [, go] = useLocation();
  const { headings, rows } = comparedRows(comparison);
  const facts = headings
    .map((heading, place) => ({ heading, values: rows.map((row) => row[place]!) }))
    .slice(1)
    .map((fact) => ({ ...fact, isSame: fact.values.every((value) => value === fact.values[0]) }));
  const shown = facts.filter(({ isSame }) => !(isDiffOnly && isSame));
  const goTo = (chosen: readonly Side[]) => go(`/compare?ids=${encodeURIComponent(chosen.map(refOf).join(','))}`);
  return (
    <section className="card" id="compared" aria-labelledby="sides-title">
      <div className="bar">
        <h2 id="sides-title">Compared</h2>
        <label>
          <input type="checkbox" checked={isDiffOnly} onChange={({ target }) => setDiffOnly(target.checked)} /> Only
          what differs
        </label>
        {isDiffOnly && <span className="muted">{facts.length - shown.length} facts are the same for all</span>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="table-wrap" tabIndex={0} aria-label="What is compared">
        <table className="rows facts-table">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Fact</span>
              </th>
              {sides.map((side, place) => (
                <th key={`${side.evaluationId} ${side.variant}`} scope="col">
                  {side.label} {place === 0 && <span className="badge accent">baseline</span>}
                  <div className="bar bare">
                    {canChange && place > 0 && (
                      <button
                        type="button"
                        className="link"
                        onClick={() => goTo([side, ...sides.filter((other) => other !== side)])}
                      >
                        make it the baseline
                      </button>
                    )}
                    {canChange && place > 0 && sides.length > 2 && (
                      <button
                        type="button"
                        className="link"
                        aria-label={`take away ${side.label}`}
                        onClick={() => goTo(sides.filter((other) => other !== side))}
                      >
                        take away
                      </button>
                    )}
                  </div>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ heading, values, isSame }) => (
              <tr key={heading}>
                <th scope="row">{heading}</th>
                {values.map((value, place) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: sides keep their places
                  <td key={place} className={`wrap${!isSame && value !== values[0] ? ' differs' : ''}`}>
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

// The primary metrics by tag. The screen names them exploratory.

interface SlicesProps {
  readonly comparison: Comparison;
  /** Shows the examples of a slice. */
  readonly onLook: OnLook;
}

function Slices({ comparison: { report, page }, onLook }: SlicesProps) {
  const { slices, slicesLeftOut, sides } = report;
  if (slices.length === 0) return null;
  const metrics = report.metrics.flatMap((metric, place) => {
    const own = slices.filter((slice) => slice.metric === metric.name);
    const ends = own.flatMap(({ effect: { lo, hi, diff } }) => [lo, hi, diff]);
    return own.length === 0 ? [] : [{ metric, place, own, scale: scaleOf([0, ...ends]) }];
  });
  return (
    <section className="card" id="slices" aria-labelledby="slices-title">
      <h2 id="slices-title">By tag</h2>
      <p className="muted">
        Exploratory: where to look next, not what to conclude. A tag shows its examples below.
        {slicesLeftOut > 0 && ` ${showWhole(slicesLeftOut)} rarer tags have no slice.`}
      </p>
      {metrics.map(({ metric: { name, better, format }, place, own, scale }, first) => (
        <details key={name} open={first === 0}>
          <summary>
            {name} <span className="muted">{betterWords(better)}</span>
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="table-wrap" tabIndex={0} aria-label={`${name} by tag`}>
            <table className="rows">
              <thead>
                <tr>
                  <th scope="col">tag</th>
                  <th scope="col">side</th>
                  <th scope="col">
                    <span className="visually-hidden">its interval</span>
                  </th>
                  <th scope="col">difference</th>
                  <th scope="col">verdict</th>
                  <th scope="col" className="num">
                    pairs
                  </th>
                  <th scope="col" className="num">
                    missing
                  </th>
                  <th scope="col" className="num">
                    {sides[0]!.label}
                  </th>
                  <th scope="col" className="num">
                    the side
                  </th>
                </tr>
              </thead>
              <tbody>
                {[...own].sort(byTag).map((slice) => (
                  <tr key={`${slice.tag} ${slice.side}`}>
                    <th scope="row">
                      <button
                        type="button"
                        className="link"
                        aria-label={`Examples of ${slice.tag}, ${sides[slice.side]!.label}`}
                        onClick={() => onLook({ metric: place, side: slice.side, tag: placeOf(page, slice.tag) })}
                      >
                        {slice.tag}
                      </button>
                    </th>
                    <td>{sides[slice.side]!.label}</td>
                    <td>
                      {slice.effect.diff !== null && (
                        <Interval
                          label={`${slice.tag}, ${sides[slice.side]!.label}: ${showEffect(slice.effect, format)}`}
                          lo={slice.effect.lo}
                          hi={slice.effect.hi}
                          at={slice.effect.diff}
                          scale={scale}
                          base={0}
                        />
                      )}
                    </td>
                    <td>{showEffect(slice.effect, format)}</td>
                    <td className="wrap">{sliceWord(slice)}</td>
                    <td className="num">{showWhole(slice.pairs)}</td>
                    <td className="num">{slice.missing === 0 ? 'none' : showWhole(slice.missing)}</td>
                    <td className="num">{showValue(slice.baseline, format)}</td>
                    <td className="num">{showValue(slice.variant, format)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </details>
      ))}
    </section>
  );
}

/** Null: none of the examples that are in the page has it. */
function placeOf({ tags }: Comparison['page'], tag: string): number | null {
  const place = tags.indexOf(tag);
  return place < 0 ? null : place;
}

type Slice = Comparison['report']['slices'][number];

const byTag = (one: Slice, other: Slice): number =>
  one.tag === other.tag ? one.side - other.side : one.tag < other.tag ? -1 : 1;
