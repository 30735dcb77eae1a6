/** What is compared with what: the sides, with the baseline first, and in what they differ. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import { comparedRows } from '../../../src/evaluation/report/facts.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { refOf, type Side } from './side-ref.ts';

interface SidesProps {
  readonly comparison: Comparison;
  /** Whether another choice of sides can be shown. */
  readonly canChange: boolean;
}

export function Sides({ comparison, canChange }: SidesProps) {
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
