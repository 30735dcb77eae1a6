/** Where a variant is better or worse: the primaries by tag. Exploratory, and said to be. */

import { showWhole } from '../../../src/base/format.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { betterWords, showEffect, showValue, sliceWord } from '../../../src/evaluation/report/values.ts';
import { Interval, scaleOf } from '../../parts/interval.tsx';
import type { OnLook } from './examples.tsx';

interface SlicesProps {
  readonly comparison: Comparison;
  /** Shows the examples of a slice. */
  readonly onLook: OnLook;
}

export function Slices({ comparison: { report, page }, onLook }: SlicesProps) {
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
