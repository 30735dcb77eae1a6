/** The values of one example on every metric, the baseline's beside the variant's. */
import { useMemo } from 'react';
import { showDifference, showValue } from '../../../src/evaluation/report/values.ts';
import type { Looked } from './example-pairs.ts';
import { EQUAL, outcomeWord, pairsOf, reasonWords } from './example-pairs.ts';

interface ValuesProps extends Pick<Looked, 'page' | 'side'> {
  readonly example: number;
  readonly isDiffOnly: boolean;
}

export function ExampleValues({ page, side, example, isDiffOnly }: ValuesProps) {
  const rows = useMemo(
    () => page.metrics.map((metric, place) => ({ metric, place, pairs: pairsOf(page, place, side) })),
    [page, side],
  );
  const shown = rows.filter(({ pairs }) => !isDiffOnly || pairs.outcome[example] !== EQUAL);
  return (
    <>
      <h3>Values</h3>
      {shown.length === 0 ? (
        <p className="muted">No value differs.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="table-wrap" tabIndex={0} aria-label="Its values">
          <table className="rows">
            <thead>
              <tr>
                <th scope="col">metric</th>
                <th scope="col" className="num">
                  {page.sides[0]}
                </th>
                <th scope="col" className="num">
                  {page.sides[side]}
                </th>
                <th scope="col" className="num">
                  difference
                </th>
                <th scope="col">outcome</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ metric: { name, format }, place, pairs: { first, second, difference, outcome } }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="num">{showValue(first[example]!, format)}</td>
                  <td className="num">{showValue(second[example]!, format)}</td>
                  <td className="num">{showDifference(difference[example]!, format)}</td>
                  <td className="wrap">
                    {[outcomeWord(outcome[example]!), reasonWords(page, place, side, example)]
                      .filter(Boolean)
                      .join(' · ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
