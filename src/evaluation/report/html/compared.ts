/** What was compared, how it was decided, and what is missing: all in tables, nothing left out. */
import type { ReportData } from '../data.ts';
import { comparedRows, countRows, evaluationRows, methodLines, methodRows, showTime } from '../facts.ts';
import { html, type Markup } from './markup.ts';
import { factTable } from './tables.ts';

export function comparedSection(data: ReportData): Markup {
  const addresses = data.evaluations.flatMap(({ evaluationId, address }) =>
    isWeb(address) ? [{ evaluationId, address }] : [],
  );
  return html`<section id="compared" aria-labelledby="compared-title">
<h2 id="compared-title">What was compared</h2>
${factTable(comparedRows(data), { caption: 'Variants', numbers: [5] })}
${factTable(evaluationRows(data), { caption: 'Evaluations', numbers: [3, 4, 5, 6] })}
${addresses.length > 0 && html`<p class="quiet">In Temporal: ${addresses.map(({ evaluationId, address }) => html`<a href="${address}" rel="noreferrer">${evaluationId}</a> `)}</p>`}
${registrations(data)}
</section>`;
}

/** No other kind of address may be made a link. */
const isWeb = (address: string | null): address is string => address !== null && /^https?:\/\//.test(address);

function registrations({ report }: ReportData): Markup {
  const WORDS = {
    kept: 'is what was locked before the first of its name',
    changed: 'is not what was locked before the first of its name',
    unregistered: 'has nothing locked that it could be held to',
  } as const;
  return html`<ul class="quiet">${report.registrations.map(
    ({ evaluationId, state, changes }) =>
      html`<li>${evaluationId} ${WORDS[state]}${changes.length > 0 && `: ${changes.map(({ what, from, to }) => `${what}: ${from} → ${to}`).join('; ')}`}.</li>`,
  )}</ul>`;
}

export function methodSection(data: ReportData): Markup {
  return html`<section id="method" aria-labelledby="method-title">
<h2 id="method-title">Method and counts</h2>
<ul>${methodLines(data).map((line) => html`<li>${line}</li>`)}</ul>
${factTable(methodRows(data), { caption: 'How each metric was decided', numbers: [3, 4, 5] })}
${factTable(countRows(data), { caption: 'What is missing, and what failed', numbers: [2, 3] })}
<p class="quiet">Made ${showTime(data.madeAt)}.${data.command !== null && html` Again: <code>${data.command}</code>`}</p>
</section>`;
}
