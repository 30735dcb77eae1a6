/** The HTML report as text: what it says without its script, what it may do, and that nothing can break out of its place. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { renderHtml, renderJson } from '../../../src/evaluation/report/html.ts';
import { renderMarkdown } from '../../../src/evaluation/report/markdown.ts';
import type { Comparison } from '../../../src/evaluation/report/page-data.ts';
import { makeReport } from './make-report.ts';

let data: ReportData;
let page: string;
beforeAll(async () => {
  data = await makeReport({ examples: 80, missingShare: 0.1 });
  page = await renderHtml(data);
});

/** Between two marks, the first time. */
function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  expect(start, from).toBeGreaterThanOrEqual(0);
  return text.slice(start + from.length, text.indexOf(to, start + from.length));
}
const carried = (text: string): Comparison => JSON.parse(between(text, 'id="comparison">', '</script>'));
const ENTITIES: { readonly [sign: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);
/** Without script, style and data: what is to be read. */
const readable = (text: string): string =>
  text.replace(/<script[^>]*>.*?<\/script>/gs, '').replace(/<style>.*?<\/style>/gs, '');

describe('what may run', () => {
  it('is the script and the style of the file, by their hashes, and no address at all', () => {
    const policy = between(page, 'Content-Security-Policy" content="', '"');
    const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toBe(
      `default-src 'none'; script-src ${hashOf(between(page, '<script>', '</script>'))}; style-src ${hashOf(between(page, '<style>', '</style>'))}; base-uri 'none'; form-action 'none'`,
    );
  });

  it('needs nothing from elsewhere, and has no styles or handlers in elements', () => {
    expect(readable(page)).not.toMatch(/<(link|img|iframe|object|embed|base|form)\b| (src|style|on\w+)=/);
    expect(between(page, '<style>', '</style>')).not.toMatch(/url\(|@import/);
  });

  it('names whose code is in the script', () => {
    const script = between(page, '<script>', '</script>');
    const licences = /^\/\*!\n[\s\S]*?\*\//.exec(script)![0];
    for (const holder of ['Apache ECharts', 'Baidu Inc', 'Kevin Decker', 'Meta Platforms'])
      expect(licences).toContain(holder);
  });
});

describe('without its script, the report', () => {
  it('shows the Markdown report', () => {
    expect(between(page, '<noscript><pre>', '</pre></noscript>')).toBe(escaped(renderMarkdown(data)));
  });

  it('has no number that is none', () => {
    expect(readable(page)).not.toMatch(/NaN|Infinity|undefined|\bnull\b/);
    expect(renderJson(data)).not.toMatch(/NaN|Infinity/);
  });
});

describe('what the script is given', () => {
  it('marks proven harm, and nothing else, as harm', () => {
    const { metrics } = carried(page).page;
    expect(metrics).toHaveLength(data.report.metrics.length);
    for (const [place, { words }] of metrics.entries()) {
      const { role, sides } = data.report.metrics[place]!;
      for (const [at, { tone }] of words.entries()) {
        const { verdict, guardrail } = sides[at]!;
        const isHarm =
          role === 'primary' ? verdict === 'worse' : role === 'guardrail' && guardrail?.status === 'harmed';
        expect(tone === 'harm').toBe(isHarm);
      }
    }
  });

  it('is every value as it is, and null where it is missing, with the reason', () => {
    const { columns, reasons, ids, metrics } = carried(page).page;
    expect(ids).toEqual(data.examples.ids);
    const place = metrics.findIndex(({ name }) => name === 'correct');
    const { values, at, why } = columns[place]![1]!;
    const given = data.examples.columns[place]![1]!;
    expect(values).toEqual([...given.values].map((value) => (Number.isNaN(value) ? null : value)));
    const holes = values.flatMap((value, example) => (value === null ? [example] : []));
    expect(holes.length).toBeGreaterThan(0);
    for (const example of holes) expect(reasons[why[at.indexOf(example)]!]).toBe('openai: rate limited (429)');
  });
});

describe('what comes from outside', () => {
  it('is text wherever it stands', async () => {
    const hostile = `"'><script>alert(1)</script></script><!--`;
    const { report } = data;
    const tag = report.slices.map((slice) => ({ ...slice, tag: hostile }));
    const sides = report.sides.map((side) => ({
      ...side,
      label: `${hostile}${side.label}`,
      snapshots: { [hostile]: hostile },
    }));
    const metrics = report.metrics.map((metric) => ({ ...metric, name: `${hostile}${metric.name}` }));
    const slices = tag.map((slice) => ({ ...slice, metric: `${hostile}${slice.metric}` }));
    const evaluations = data.evaluations.map((evaluation) => ({ ...evaluation, address: `javascript:${hostile}` }));
    const changed = { ...data, evaluations, report: { ...report, sides, metrics, slices, headline: [hostile] } };
    const text = await renderHtml(changed);
    // React's own code names script elements, too.
    expect(text.replace(between(text, '<script>', '</script>'), () => '').match(/<script[\s>]/g)).toHaveLength(2);
    expect(readable(text)).not.toContain('<!--');
    expect(carried(text).page.sides[1]).toBe(`${hostile}hybrid`);
  });
});
