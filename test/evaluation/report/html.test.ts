/** The HTML report as text: what it says without its script, what it may do, and that nothing can break out of its place. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { html } from '../../../src/evaluation/report/html/markup.ts';
import { renderHtml } from '../../../src/evaluation/report/html.ts';
import { renderJson } from '../../../src/evaluation/report/json.ts';
import type { PageData } from '../../../src/evaluation/report/page-data.ts';
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
const carried = (text: string): PageData =>
  JSON.parse(gunzipSync(Buffer.from(between(text, 'id="data">', '</script>'), 'base64')).toString('utf8'));
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
    expect(script).toMatch(/^\/\*!\n(.|\n)*Apache ECharts\n(.|\n)*Baidu Inc(.|\n)*Kevin Decker(.|\n)*\*\//);
  });
});

describe('what is said without the script', () => {
  it('begins with what the gate says, then the headline', () => {
    const text = readable(page)
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ');
    const order = [data.gate.sentences[0]!.replace(/^\w+: /, ''), ...data.report.headline, data.gate.sentences[1]!];
    const places = order.map((sentence) => text.indexOf(sentence));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });

  it('has every sentence of every metric, every count of what is missing, and how each was decided', () => {
    const text = readable(page);
    for (const { sides } of data.report.metrics) {
      for (const { sentences, guardrail } of sides) {
        for (const sentence of [...sentences, ...(guardrail?.sentences ?? [])])
          expect(text).toContain(html`${sentence}`.markup);
      }
    }
    expect(text).toMatch(/\d+ openai: rate limited \(429\)/);
    expect(text).toContain('exact McNemar');
  });

  it('is red for proven harm alone', () => {
    const chips = [...page.matchAll(/class="chip (\w+)"[^>]*data-metric="(\d)" data-side="(\d)"/g)];
    expect(chips).toHaveLength(data.report.metrics.length * 3);
    for (const [, tone, metric, side] of chips) {
      const { role, sides } = data.report.metrics[Number(metric)]!;
      const { verdict, guardrail } = sides[Number(side) - 1]!;
      const isHarm = role === 'primary' ? verdict === 'worse' : role === 'guardrail' && guardrail?.status === 'harmed';
      expect(tone === 'harm').toBe(isHarm);
    }
  });

  it('has no number that is none', () => {
    expect(readable(page).replace(/<[^>]+>/g, ' ')).not.toMatch(/NaN|Infinity|undefined|\bnull\b/);
    expect(renderJson(data)).not.toMatch(/NaN|Infinity/);
  });
});

describe('what the script is given', () => {
  it('is every value as it is, and null where it is missing, with the reason', () => {
    const { columns, reasons, ids, metrics } = carried(page);
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
    expect(text.match(/<script[\s>]/g)).toHaveLength(2);
    expect(readable(text)).not.toContain('<!--');
    expect(text).not.toContain('href="javascript:');
    expect(readable(text)).toContain(html`${hostile}`.markup);
    expect(carried(text).sides[1]).toBe(`${hostile}hybrid`);
  });
});
