/** What the page's script fills: the picture of all metrics, and the examples. Without it, a line says what is missing. */
import type { ReportData, ReportedScale } from '../data.ts';
import { REPORT_LIMITS } from '../limits.ts';
import { showValue } from '../values.ts';
import { rankingMetrics } from '../widest.ts';
import { html, type Markup } from './markup.ts';

export function profileSection({ report, examples }: ReportData): Markup {
  return html`<section id="profile" aria-labelledby="profile-title">
<h2 id="profile-title">All metrics in one picture</h2>
<p class="quiet">Outwards is better on every axis, also where lower is better. A gap is a metric without a value.</p>
<div class="profile"><div class="chart square" data-chart="profile"></div><div class="choices" data-controls="profile"></div>
<details open><summary>How the axes are scaled</summary><ul class="quiet">${report.metrics.map(
    ({ name, format }, place) => html`<li>${name}: ${scaleWords(examples.scales[place] ?? null, format)}</li>`,
  )}</ul></details></div>
</section>`;
}

function scaleWords(scale: ReportedScale | null, format: Parameters<typeof showValue>[1]): string {
  if (scale === null) return 'no axis, as all its values are the same, or there are none';
  const ends = `from ${showValue(scale.worst, format)} in the middle to ${showValue(scale.best, format)} at the edge`;
  return `${ends}, ${scale.from === 'declared' ? 'the ends of its scale' : 'between which 9 of 10 values of all variants lie'}`;
}

export function examplesSection(data: ReportData): Markup {
  return html`<section id="examples" aria-labelledby="examples-title">
<h2 id="examples-title">Examples</h2>
<noscript><p>The charts and the examples need JavaScript; all numbers above and below do not.</p></noscript>
<p class="alarm" id="trouble" role="alert" hidden></p>
<div data-examples></div>
<p class="quiet">${boundsWords(data)}</p>
</section>`;
}

/** What is in the page, in numbers: nobody is to take a part for all. */
function boundsWords({ report, examples }: ReportData): string {
  const { total, ids, outputs, outputsWanted } = examples;
  const number = (value: number): string => value.toLocaleString('en');
  const shown =
    ids.length === total
      ? `All ${number(total)} examples have their scores here.`
      : `${number(ids.length)} of ${number(total)} examples have their scores here: those that differ most, and an even sample of the others.`;
  const metrics = rankingMetrics(report).map((place) => report.metrics[place]!.name);
  const ends = `the ${REPORT_LIMITS.outputsEachEnd} that got worst and the ${REPORT_LIMITS.outputsEachEnd} that got best, of each variant, on ${metrics.join(' and ')}`;
  const cutAt = `Texts are cut at ${number(REPORT_LIMITS.outputLength)} characters.`;
  const wanted =
    outputs.length === outputsWanted ? '' : ` There was no room for ${number(outputsWanted - outputs.length)} of them.`;
  return outputs.length + outputsWanted === 0
    ? shown
    : `${shown} ${number(outputs.length)} have what was answered: ${ends}.${wanted} ${cutAt}`;
}
