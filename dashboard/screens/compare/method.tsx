/** All sides ranked, and what the comparison rests on: how each metric was decided, what is missing, when it ran. */

import { shortId, showTime, showWhole } from '../../../src/base/format.ts';
import type { Leaderboard as Board, LeaderboardCell } from '../../../src/evaluation/compare/leaderboard.ts';
import {
  countRows,
  evaluationRows,
  type FactTable,
  methodLines,
  methodRows,
} from '../../../src/evaluation/report/facts.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { betterWords, showMean } from '../../../src/evaluation/report/values.ts';

/** Each side's own mean, ranked where sides are alike enough. */
export function Leaderboard({ board: { columns, rows, sortedBy } }: { readonly board: Board }) {
  return (
    <section className="card" id="leaderboard" aria-labelledby="leaderboard-title">
      <h2 id="leaderboard-title">Leaderboard</h2>
      <p className="muted">
        Each side's own mean over all examples that it has a value of
        {sortedBy !== null && `, sorted by ${sortedBy}`}. Ranks are of means; whether two differ is said above.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="table-wrap" tabIndex={0} aria-label="Leaderboard">
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">side</th>
              <th scope="col">evaluation</th>
              {columns.map(({ metric, better, judge }) => (
                <th key={metric} scope="col" className="num">
                  {metric}, {betterWords(better)}
                  {judge?.state === 'uncalibrated' && ', judge not calibrated'}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ label, evaluationId, variant, dataset, cells }) => (
              <tr key={`${evaluationId} ${variant}`}>
                <th scope="row">{label}</th>
                <td>
                  {evaluationId}, {dataset.name}@{shortId(dataset.version)}
                </td>
                {cells.map((cell, place) => (
                  <td key={columns[place]!.metric} className="num">
                    {showMean(cell, columns[place]!.format)} <span className="muted">{rankWords(cell)}</span>
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

/** `#1 · n 380, 95% of examples`; why it has no rank, where it has none. */
function rankWords({ rank, apart, n, coverage }: LeaderboardCell): string {
  const place = rank === null ? (apart ?? 'not ranked') : `#${rank}`;
  const lacking = coverage === null || coverage === 1 ? '' : `, ${Math.floor(100 * coverage)}% of examples`;
  return rank === 1 || lacking !== '' ? `${place} · n ${showWhole(n)}${lacking}` : place;
}

const REGISTRATIONS = {
  kept: 'is what was locked before the first of its name',
  changed: 'is not what was locked before the first of its name',
  unregistered: 'has no locked definition to be compared with',
} as const;

export function Method({ comparison }: { readonly comparison: Comparison }) {
  const { report, evaluations, madeAt } = comparison;
  return (
    <section className="card" id="method" aria-labelledby="method-title">
      <h2 id="method-title">Method and counts</h2>
      <ul>
        {methodLines(comparison).map((line) => (
          <li key={line}>{line}</li>
        ))}
        {report.registrations.map(({ evaluationId, state, changes }) => (
          <li key={`registration ${evaluationId}`}>
            {evaluationId} {REGISTRATIONS[state]}
            {changes.length > 0 && `: ${changes.map(({ what, from, to }) => `${what}: ${from} → ${to}`).join('; ')}`}.
          </li>
        ))}
      </ul>
      <Facts caption="How each metric was decided" table={methodRows(comparison)} />
      <Facts caption="What is missing, and what failed" table={countRows(comparison)} />
      <Facts caption="Evaluations" table={evaluationRows(comparison)} />
      <p className="muted">
        Made {showTime(madeAt, 'minutes')}.
        {evaluations.map(
          ({ evaluationId, address }) =>
            isWeb(address) && (
              <span key={evaluationId}>
                {' '}
                <a href={address} rel="noreferrer">
                  {evaluationId} in Temporal
                </a>
              </span>
            ),
        )}
      </p>
    </section>
  );
}

/** No other kind of address may be made a link. */
const isWeb = (address: string | null): address is string => address !== null && /^https?:\/\//.test(address);

function Facts({ caption, table: { headings, rows } }: { readonly caption: string; readonly table: FactTable }) {
  return (
    <details>
      <summary>{caption}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="table-wrap" tabIndex={0} aria-label={caption}>
        <table className="rows">
          <thead>
            <tr>
              {headings.map((heading) => (
                <th key={heading} scope="col">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.join()}>
                {row.map((text, place) =>
                  place === 0 ? (
                    <th key={headings[place]} scope="row">
                      {text}
                    </th>
                  ) : (
                    <td key={headings[place]}>{text}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
