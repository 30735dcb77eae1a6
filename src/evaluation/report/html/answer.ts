/** What the comparison came to, in words: the gate, the headline, and what makes it doubtful. */
import type { ReportData } from '../data.ts';
import { html, type Markup } from './markup.ts';

const WORDS = { passed: 'Passed', failed: 'Failed', inconclusive: 'Inconclusive', tampered: 'Tampered' } as const;

export function answerSection(data: ReportData): Markup {
  const { report, gate } = data;
  const [line = '', ...why] = gate.sentences;
  return html`<section id="answer" aria-labelledby="answer-title">
<h2 id="answer-title" class="gate ${gate.status}"><span class="badge">${WORDS[gate.status]}</span> ${line.replace(/^\w+: /, '')}</h2>
${report.headline.length > 0 && html`<ul class="headline">${report.headline.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}
${why.length > 0 && html`<h3>Why the gate says so</h3><ul>${why.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}
${warnings(data)}
</section>`;
}

function warnings({ report }: ReportData): Markup {
  if (report.warnings.length === 0) return html`<p class="quiet">No warnings.</p>`;
  return html`<h3>Warnings</h3><ul class="warnings">${report.warnings.map(({ message, remedy, sides }) => {
    const whom = sides.map((side) => report.sides[side]!.label).join(', ');
    return html`<li>${sentence(message)}${whom !== '' && html` <span class="quiet">(${whom})</span>`}${
      remedy !== null && html`<br><span class="quiet">${sentence(remedy)}</span>`
    }</li>`;
  })}</ul>`;
}

/** A clause with its capital and its full stop. */
function sentence(clause: string): string {
  const first = clause.charAt(0).toUpperCase() + clause.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
