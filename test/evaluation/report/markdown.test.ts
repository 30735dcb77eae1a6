/** The Markdown report, as a Markdown parser reads it: what was compared is text in it, and never markup. */
import type { Nodes, Root, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPORT_LIMITS, type ReportData } from '../../../src/evaluation/report/data.ts';
import { escapeMarkdown, renderMarkdown } from '../../../src/evaluation/report/markdown.ts';
import { makeReport } from './make-report.ts';

const GITHUB_LIMIT = 65_536;
const APART = '\u200b';

const parse = (markdown: string): Root =>
  fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

const nodesOf = (node: Nodes): readonly Nodes[] => [
  node,
  ...('children' in node ? node.children.flatMap((child) => nodesOf(child)) : []),
];
const textOf = (node: Nodes): string =>
  nodesOf(node)
    .map((each) => (each.type === 'text' ? each.value : ''))
    .join('')
    .replaceAll(APART, '');
const tablesOf = (root: Root): readonly Table[] => nodesOf(root).filter((node) => node.type === 'table');
const headingsOf = ({ children }: Table): readonly string[] => children[0]!.children.map(textOf);

let data: ReportData;
beforeAll(async () => {
  data = await makeReport({ examples: 120 });
});

describe('what it says, and in which order', () => {
  it('begins with what it came to, then the headline, the declared metrics, the doubts, the gate', () => {
    const { children } = parse(renderMarkdown(data));
    const [heading, headline, table, warnings, gate] = children;
    expect(textOf(heading!)).toBe('✖ Failed · docs-bot: hybrid, hybrid + rerank, rewrite against baseline');
    expect(headline!.type === 'list' && headline.children.map(textOf)).toEqual(data.report.headline);
    expect(headingsOf(table as Table)).toEqual([
      'metric',
      'variant',
      'verdict',
      'baseline',
      'variant',
      'difference [95% interval]',
      'pairs',
    ]);
    expect(textOf(warnings!)).toContain(data.report.warnings[0]!.message);
    expect(textOf(gate!)).toBe(`Gate: ${data.gate.sentences[0]} (exit code 3)`);
  });

  it('has a row for each declared metric and variant, with interval, verdict and pairs', () => {
    const [table] = tablesOf(parse(renderMarkdown(data)));
    const declared = data.report.metrics.filter(({ role }) => role !== 'secondary');
    expect(table!.children).toHaveLength(1 + declared.length * 3);
    const latency = table!.children
      .map((row) => row.children.map(textOf))
      .find(([metric, variant]) => /^latency/.test(metric!) && variant === 'hybrid + rerank')!;
    expect(latency[0]).toBe('latency (guardrail, lower is better, margin 150 ms)');
    expect(latency[2]).toBe('harmed');
    expect(latency[5]).toMatch(/^\+\d+ ms \[\+\d+ ms, \+\d+ ms\]$/);
    expect(latency[6]).toBe('120');
  });

  it('folds the rest: secondary metrics, the worst examples, slices, what was compared, counts', () => {
    const folds = nodesOf(parse(renderMarkdown(data))).filter((node) => node.type === 'html');
    const summaries = folds.flatMap(
      ({ value }) => /<summary>(.*)<\/summary>/.exec(value)?.[1]?.replaceAll(APART, '') ?? [],
    );
    expect(summaries).toEqual([
      'Secondary metrics (exploratory)',
      'Worst examples on recall@10',
      'Slices by tag (exploratory)',
      'What was compared',
      'Counts',
    ]);
    expect(folds.filter(({ value }) => value === '</details>')).toHaveLength(summaries.length);
  });

  it('names the examples that lost most, the worst of each variant first', () => {
    const table = tablesOf(parse(renderMarkdown(data))).find((each) => headingsOf(each).includes('question'))!;
    const rows = table.children.slice(1).map((row) => row.children.map(textOf));
    const losses = rows.filter(([variant]) => variant === 'rewrite').map((row) => Number.parseFloat(row.at(-1)!));
    expect(losses).toHaveLength(REPORT_LIMITS.markdownExamples);
    expect(losses).toEqual([...losses].sort((one, other) => one - other));
    expect(losses.every((loss) => loss < 0)).toBe(true);
  });
});

describe('what comes from outside', () => {
  const HOSTILE = [
    'a | b || c',
    '<img src=x onerror=alert(1)> </details></table>',
    '[link](https://example.org) ![image](https://example.org/x.png) https://example.org www.example.org',
    '@someone and #12, GH-12, org/repo#3, :tada:, $x^2$',
    '**bold** _it_ `code` ~~gone~~ &amp; \\| \\',
    '- item',
    '12. item',
    '# heading',
    'two\nlines\n\n| a | b |\n| --- | --- |',
  ];

  it.each(HOSTILE)('is a line of text, as it was: %j', (text) => {
    const nodes = nodesOf(parse(escapeMarkdown(text)));
    expect(nodes.map(({ type }) => type)).toEqual(['root', 'paragraph', 'text']);
    expect(textOf(nodes[0]!)).toBe(text.replace(/\s+/g, ' '));
  });

  it('is no mention, reference or address for what reads the text after the parser', () => {
    const read = nodesOf(parse(escapeMarkdown(HOSTILE.join(' ')))).map((node) =>
      node.type === 'text' ? node.value : '',
    );
    expect(read.join('')).not.toMatch(/@\w|#\d|GH-\d|:\/\/|www\.|:tada/);
  });

  it('cannot change a table, or close what is folded', async () => {
    const hostile = await makeReport({ examples: 60, questionAt: (place) => HOSTILE[place % HOSTILE.length]! });
    const ids = hostile.examples.ids.map((id, place) => `${id} ${HOSTILE[place % HOSTILE.length]}`);
    const root = parse(renderMarkdown({ ...hostile, examples: { ...hostile.examples, ids } }));
    for (const { children } of tablesOf(root)) {
      expect(new Set(children.map((row) => row.children.length))).toEqual(new Set([children[0]!.children.length]));
    }
    const types = nodesOf(root).map((node) => node.type);
    expect(types.filter((type) => ['link', 'image', 'delete', 'emphasis', 'inlineCode'].includes(type))).toEqual([]);
    const html = nodesOf(root).flatMap((node) => (node.type === 'html' ? [node.value] : []));
    expect(html.filter((value) => !/^(<details><summary>[^<]*<\/summary>|<\/details>)$/.test(value))).toEqual([]);
  });
});

describe('its length', () => {
  it('stays below what a comment may have, and says what it leaves out', async () => {
    const { report } = data;
    const many = <T>(items: readonly T[], times: number): readonly T[] =>
      Array.from({ length: times }, () => items).flat();
    const lengthen = (name: string): string => `${name} ${'|<&'.repeat(80)}`;
    const long = {
      ...report,
      headline: many(report.headline, 200),
      metrics: many(report.metrics, 50).map((metric) => ({ ...metric, name: lengthen(metric.name) })),
      slices: report.slices.map((slice) => ({ ...slice, metric: lengthen(slice.metric) })),
      warnings: many(report.warnings, 300),
    };
    const markdown = renderMarkdown({ ...data, report: long });
    expect(markdown.length).toBeLessThan(GITHUB_LIMIT);
    expect(markdown).toMatch(/… and [\d,]+ more findings\./);
    expect(markdown).toMatch(/… and [\d,]+ more rows\./);
    expect(markdown).toContain('**Gate: ');
  });
});

describe('numbers', () => {
  it('are never NaN, and what is missing is a dash', async () => {
    const holes = await makeReport({ examples: 30, missingShare: 1, ungradedEvery: 10 });
    const markdown = renderMarkdown(holes);
    expect(markdown).not.toMatch(/NaN|Infinity|undefined|null/);
    const row = markdown.split('\n').find((line) => line.startsWith('| correct (') && line.includes('| hybrid |'));
    expect(markdown).toMatch(/\| recall@\u200b10 .*\| 27 \(3 with nothing to score\) \|/);
    expect(row).toMatch(/\| no verdict \| – \| – \| – \| 0 \(30 missing\) \|$/);
  });
});
