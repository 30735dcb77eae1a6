/** A card for each metric: what it is, the verdicts in a word each, two charts, and the same numbers as a table. */

import { levelOf } from '../../../stats/format-value.ts';
import type { ComparedMetric, MetricSide } from '../../compare/compared-metric.ts';
import type { ReportData } from '../data.ts';
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
  verdictWord,
} from '../values.ts';
import { html, type Markup } from './markup.ts';
import { scrolled } from './tables.ts';

/** Cards of exploratory metrics that are open from the beginning. */
const OPEN_CARDS = 6;

export function metricsSection(data: ReportData): Markup {
  const { metrics, alpha } = data.report;
  const cards = metrics.map((metric, place) => ({ role: metric.role, card: metricCard(data, metric, place) }));
  const declared = cards.filter(({ role }) => role !== 'secondary').map(({ card }) => card);
  const secondary = cards.filter(({ role }) => role === 'secondary').map(({ card }) => card);
  return html`<section id="metrics" aria-labelledby="metrics-title">
<h2 id="metrics-title">Metrics</h2>
<p class="quiet legend"><span class="key bar"></span>${levelOf(alpha)} interval first, then the mean. <span class="key grey"></span>Baseline. <span class="key band"></span>Differences that were declared too small to matter, or harmless. Filled points are proven; red is proven harm.</p>
${declared}
${
  secondary.length > 0 &&
  html`<details class="group"${secondary.length <= OPEN_CARDS ? html` open` : null}><summary><h3>Secondary metrics, exploratory (${secondary.length})</h3></summary>${secondary}</details>`
}
</section>`;
}

function metricCard({ report }: ReportData, metric: ComparedMetric, place: number): Markup {
  const { name, role, better, judge, format } = metric;
  const traits = [role, betterWords(better), declaredWords(metric), ...judgeWords(judge)].filter(Boolean);
  const id = `metric-${place}`;
  return html`<article class="card" aria-labelledby="${id}">
<header><h4 id="${id}">${name}</h4><p class="quiet">${traits.join(' · ')}</p>
<ul class="chips">${metric.sides.map((side) => {
    const { word, tone } = verdictWord(side, metric);
    return html`<li><a class="chip ${tone}" href="#examples" data-look data-metric="${place}" data-side="${side.side}">${report.sides[side.side]!.label}: <b>${word}</b></a></li>`;
  })}</ul></header>
<div class="pair"><figure><figcaption>Mean, ${betterWords(better)}</figcaption><div class="chart" data-chart="means" data-metric="${place}"></div></figure>
<figure><figcaption>Difference from ${report.sides[0]!.label}${inUnit(format)}, ${better === 'higher' ? 'right is better →' : '← left is better'}</figcaption><div class="chart" data-chart="effects" data-metric="${place}"></div></figure></div>
<details><summary>Numbers and what they rest on</summary>${numbersTable(
    report.sides.map(({ label }) => label),
    metric,
  )}
${metric.sides.map((side) => html`<p>${[...(side.guardrail?.sentences ?? []), ...side.sentences].join(' ')}</p>`)}</details>
</article>`;
}

function judgeWords(judge: ComparedMetric['judge']): readonly string[] {
  if (judge === null) return [];
  return [
    judge.state === 'calibrated'
      ? `judge calibrated by ${judge.labels} labels`
      : `judge not calibrated (${judge.labels} labels)`,
  ];
}

function numbersTable(labels: readonly string[], metric: ComparedMetric): Markup {
  const caption = `${metric.name} by variant`;
  return scrolled(
    caption,
    html`<table><caption class="unseen">${caption}</caption><thead><tr><th scope="col">variant</th><th scope="col" class="number">mean</th><th scope="col" class="number">${labels[0]!} on the same pairs</th><th scope="col" class="number">difference</th><th scope="col">verdict</th><th scope="col" class="number">pairs</th><th scope="col" class="number">missing</th><th scope="col" class="number">nothing to score</th>${
      metric.role === 'guardrail' && html`<th scope="col" class="number">harm, one-sided</th>`
    }</tr></thead><tbody>${metric.sides.map((side) => numbersRow(labels[side.side]!, side, metric))}</tbody></table>`,
  );
}

function numbersRow(label: string, side: MetricSide, metric: ComparedMetric): Markup {
  const { format } = metric;
  const { word } = verdictWord(side, metric);
  const scoresAlone = showScoresAlone(side, format);
  const number = (text: string): Markup => html`<td class="number">${text}</td>`;
  return html`<tr><th scope="row">${label}</th>${number(showMean(side.variant, format))}${number(showMean(side.baseline, format))}<td class="number">${showEffect(
    leadingEffect(side),
    format,
  )}${scoresAlone !== null && html`<br><small class="quiet">${scoresAlone}</small>`}</td><td>${word}</td>${number(side.pairs.toLocaleString('en'))}${number(side.missing.cells.toLocaleString('en'))}${number(side.missing.inapplicable.toLocaleString('en'))}${
    metric.role === 'guardrail' && number(harmWords(side, metric))
  }</tr>`;
}

function harmWords({ guardrail }: MetricSide, { format }: ComparedMetric): string {
  if (guardrail === null || guardrail.lo === null || guardrail.hi === null) return MISSING;
  return showRange(guardrail.lo, guardrail.hi, format);
}

function inUnit(format: ComparedMetric['format']): string {
  const unit = differenceUnit(format);
  return unit === '' ? '' : ` in ${unit}`;
}
