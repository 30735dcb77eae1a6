/** Differences by tag, a table for each primary; small pictures put the intervals side by side. */
import type { ComparedMetric } from '../../compare/compared-metric.ts';
import type { Slice } from '../../compare/report.ts';
import type { ReportData } from '../data.ts';
import { betterWords, showEffect, showValue, sliceWord } from '../values.ts';
import { html, type Markup } from './markup.ts';
import { scrolled } from './tables.ts';

export function slicesSection({ report }: ReportData): Markup | null {
  const { slices, slicesLeftOut } = report;
  if (slices.length === 0) return null;
  const labels = report.sides.map(({ label }) => label);
  const metrics = report.metrics.filter(({ name }) => slices.some(({ metric }) => metric === name));
  return html`<section id="slices" aria-labelledby="slices-title">
<h2 id="slices-title">Slices by tag</h2>
<p class="quiet">Exploratory: where to look next, not what to conclude.${slicesLeftOut > 0 && ` ${slicesLeftOut} rarer tags have no slice.`}</p>
${metrics.map((metric, place) => {
  const own = slices.filter((slice) => slice.metric === metric.name);
  return html`<details class="group"${place === 0 ? html` open` : null}><summary><h3>${metric.name}, ${betterWords(metric.better)}</h3></summary>${slicesTable(own, { metric, place: report.metrics.indexOf(metric), labels })}</details>`;
})}
</section>`;
}

interface SlicedMetric {
  readonly metric: ComparedMetric;
  /** In the report's metrics. */
  readonly place: number;
  readonly labels: readonly string[];
}

function slicesTable(slices: readonly Slice[], { metric, place, labels }: SlicedMetric): Markup {
  const { format } = metric;
  const ends = slices.flatMap(({ effect }) => [effect.lo, effect.hi, effect.diff]).map((end) => Math.abs(end ?? 0));
  const reach = Math.max(...ends);
  const ordered = [...slices].sort((one, other) => compare(one.tag, other.tag) || one.side - other.side);
  const rows = ordered.map(
    (slice) =>
      html`<tr><th scope="row"><a href="#examples" data-look data-metric="${place}" data-side="${slice.side}" data-tag="${slice.tag}">${slice.tag}</a></th><td>${labels[slice.side]!}</td><td>${glyph(slice, reach)}</td><td class="number">${showEffect(slice.effect, format)}</td><td>${sliceWord(slice)}</td><td class="number">${slice.pairs.toLocaleString('en')}</td><td class="number">${slice.missing.toLocaleString('en')}</td><td class="number">${showValue(slice.baseline, format)}</td><td class="number">${showValue(slice.variant, format)}</td></tr>`,
  );
  const caption = `${metric.name} by tag`;
  return scrolled(
    caption,
    html`<table><caption class="unseen">${caption}</caption><thead><tr><th scope="col">tag</th><th scope="col">variant</th><th scope="col" aria-label="picture"></th><th scope="col" class="number">difference</th><th scope="col">verdict</th><th scope="col" class="number">pairs</th><th scope="col" class="number">missing</th><th scope="col" class="number">mean of ${labels[0]!}</th><th scope="col" class="number">mean of the variant</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const WIDTH = 140;
const HEIGHT = 14;

/** The interval, then the point, about a line at 0; nothing where there is no number. */
function glyph({ effect: { diff, lo, hi } }: Slice, reach: number): Markup {
  if (diff === null || !(reach > 0)) return html``;
  const at = (value: number): string => ((WIDTH / 2) * (1 + (0.96 * value) / reach)).toFixed(1);
  const middle = HEIGHT / 2;
  return html`<svg class="glyph" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true"><line class="zero" x1="${WIDTH / 2}" x2="${WIDTH / 2}" y1="0" y2="${HEIGHT}"/>${
    lo !== null &&
    hi !== null &&
    html`<line class="interval" x1="${at(lo)}" x2="${at(hi)}" y1="${middle}" y2="${middle}"/>`
  }<circle class="point" cx="${at(diff)}" cy="${middle}" r="3"/></svg>`;
}
