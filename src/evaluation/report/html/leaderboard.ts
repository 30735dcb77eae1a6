/** All sides in one table, ranked where they are alike enough to be. */
import type { Leaderboard, LeaderboardCell, LeaderboardColumn } from '../../compare/leaderboard.ts';
import { betterWords, showMean } from '../values.ts';
import { html, type Markup } from './markup.ts';
import { scrolled } from './tables.ts';

export function leaderboardSection(board: Leaderboard | null): Markup | null {
  if (board === null) return null;
  const { columns, rows, sortedBy } = board;
  return html`<section id="leaderboard" aria-labelledby="leaderboard-title">
<h2 id="leaderboard-title">Leaderboard</h2>
<p class="quiet">Each side's own mean over all examples it has a value of${sortedBy !== null && `, sorted by ${sortedBy}`}. Ranks are of means; whether two differ is said above.</p>
${scrolled(
  'Leaderboard',
  html`<table><caption class="unseen">Leaderboard</caption><thead><tr><th scope="col">variant</th><th scope="col">evaluation</th>${columns.map(
    ({ metric, better, judge }) =>
      html`<th scope="col" class="number">${metric}<br><span class="quiet">${betterWords(better)}${judge?.state === 'uncalibrated' && ', judge not calibrated'}</span></th>`,
  )}</tr></thead><tbody>${rows.map(
    ({ label, name, evaluationId, dataset, cells }) =>
      html`<tr><th scope="row">${label}</th><td>${name}<br><span class="quiet">${evaluationId}, ${dataset.name}@${dataset.version.slice(0, 8)}</span></td>${cells.map(
        (cell, place) => boardCell(cell, columns[place]!),
      )}</tr>`,
  )}</tbody></table>`,
)}
</section>`;
}

function boardCell(cell: LeaderboardCell, { format }: LeaderboardColumn): Markup {
  const { rank, apart, n, coverage } = cell;
  const place = rank === null ? (apart ?? 'not ranked') : `#${rank}`;
  const lacking = coverage === null || coverage === 1 ? '' : `, ${Math.floor(100 * coverage)}% of examples`;
  return html`<td class="number">${showMean(cell, format)}<br><span class="quiet">${place}${(rank === 1 || lacking !== '') && ` · n ${n.toLocaleString('en')}${lacking}`}</span></td>`;
}
