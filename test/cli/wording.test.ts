/** What all commands share: tables, durations, progress lines, errors, look-ups, colours. */
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { printError, reportOf } from '../../src/cli/command.ts';
import { findNamed } from '../../src/cli/lookup.ts';
import { fieldsOf } from '../../src/cli/steps.ts';
import { tableLines, wrap } from '../../src/cli/table.ts';
import { createProgress, createTerminal, showProgress, type TerminalOptions } from '../../src/cli/terminal.ts';

function screen(options: Partial<TerminalOptions> = {}, isTTY = false) {
  const [out, err]: [string[], string[]] = [[], []];
  const keep = (lines: string[]) => ({ write: (text: string) => lines.push(text), isTTY });
  const terminal = createTerminal({ stdout: keep(out), stderr: keep(err), environment: {}, ...options });
  return { terminal, out: () => out.join(''), err: () => err.join('') };
}

describe('text', () => {
  it('wraps at words, keeps line breaks, and never cuts a long word', () => {
    expect(wrap('one two three four five\nsix', 24)).toEqual(
      ['  one two three four', '  five', '  six'].map((line) => line),
    );
    expect(wrap('x'.repeat(40), 24)).toEqual([`  ${'x'.repeat(40)}`]);
    expect(wrap('  - one two three four\n12. five six seven eight', 22)).toEqual([
      '    - one two three',
      '      four',
      '  12. five six seven',
      '      eight',
    ]);
    const code = ['```ts', `const x = {`, `    long: '${'word '.repeat(8)}',`, '};', '```'];
    expect(wrap(code.join('\n'), 24)).toEqual(code.map((line) => `  ${line}`));
  });
  it('aligns a table, numbers to the right, missing as –', () => {
    const rows = [
      { name: 'a', size: 12 },
      { name: 'longer', size: null },
    ];
    expect(
      tableLines(rows, [
        { heading: 'name', cell: ({ name }) => name },
        { heading: 'size', cell: ({ size }) => size, align: 'right' },
      ]),
    ).toEqual(['name    size', 'a         12', 'longer     –']);
  });
});

describe('a table with little room', () => {
  const rows = [
    { node: 'draft', reads: 'question and passages and feedback', tried: 2 },
    { node: 'check', reads: 'answer', tried: 10 },
  ];
  const lines = (room?: number) =>
    tableLines(
      rows,
      [
        { heading: 'node', cell: ({ node }) => node },
        { heading: 'reads', cell: ({ reads }) => reads, isFlexible: true },
        { heading: 'tried', cell: ({ tried }) => tried, align: 'right' },
      ],
      room,
    );
  it('wraps its flexible columns, the others stay in line', () => {
    expect(lines(36)).toEqual([
      'node   reads                   tried',
      'draft  question and passages       2',
      '       and feedback',
      'check  answer                     10',
    ]);
  });
  it('is as wide as it must be where it cannot be less, or where nobody looks', () => {
    expect(Math.max(...lines(10).map(({ length }) => length))).toBe(26);
    expect(lines()).toHaveLength(3);
  });
});

describe('a schema in a line', () => {
  it('reads like a type, with what may be left out, defaults and choices', () => {
    const schema = {
      properties: {
        query: { type: 'string' },
        passages: {
          type: 'array',
          items: { properties: { id: { type: 'string' }, url: { type: 'string' } }, required: ['id'] },
        },
        mode: { enum: ['a', 'b'] },
        topN: { type: 'integer', default: 8 },
        weights: { type: 'object', additionalProperties: { type: 'number' } },
        either: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      },
      required: ['query', 'passages', 'mode', 'weights', 'either'],
    };
    expect(fieldsOf(schema).map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'query: string',
      'passages: { id: string, url?: string }[]',
      'mode: "a" | "b"',
      'topN: integer = 8',
      'weights: { [name]: number }',
      'either: (string | null)[]',
    ]);
  });
});

describe('progress', () => {
  const facts = { label: 'ingest', done: 120, total: 300, elapsedMs: 10_000, hasBar: false };
  it('says done of total, rate and time left', () => {
    expect(showProgress(facts)).toBe('ingest  120/300  12/s  15 s left');
    expect(showProgress({ ...facts, hasBar: true })).toBe(
      `ingest  ${'█'.repeat(10)}${'░'.repeat(14)}  120/300  12/s  15 s left`,
    );
  });
  it('promises nothing before it knows a rate, and says how long it took in the end', () => {
    expect(showProgress({ ...facts, done: 0, elapsedMs: 0 })).toBe('ingest  0/300');
    // What was done before this began says nothing of the rate.
    expect(showProgress({ ...facts, before: 96 })).toBe('ingest  120/300  2.4/s  1 min 15 s left');
    expect(showProgress({ ...facts, before: 120 })).toBe('ingest  120/300');
    expect(showProgress({ ...facts, done: 300 })).toBe('ingest  300/300  30/s  in 10 s');
    // What else there is to say comes last.
    expect(showProgress({ ...facts, extra: ['$0.12 paid', '$0.40 saved'] })).toMatch(
      / left {2}\$0.12 paid {2}\$0.40 saved$/,
    );
  });
  it('shortens its bar, then gives it up, then what else there is, where a line would not fit', () => {
    const extra = ['297 calls made, 231 shared'];
    const fitting = (room: number) => showProgress({ ...facts, hasBar: true, extra, room });
    expect(fitting(100)).toBe(`ingest  ${'█'.repeat(10)}${'░'.repeat(14)}  120/300  12/s  15 s left  ${extra}`);
    expect(fitting(72)).toBe(`ingest  ${'█'.repeat(4)}${'░'.repeat(5)}  120/300  12/s  15 s left  ${extra}`);
    expect(fitting(72).length).toBeLessThan(72);
    expect(fitting(65)).toBe('ingest  120/300  12/s  15 s left  297 calls made, 231 shared');
    expect(fitting(37)).toBe('ingest  120/300  12/s  15 s left');
    expect(fitting(30)).toBe('120/300  12/s  15 s left');
  });
  it('is lines in a pipe, without control characters, and nothing under --quiet', () => {
    for (const [isSilent, pattern] of [
      [false, /^(ingest .*\n)+$/],
      [true, /^$/],
    ] as const) {
      const written: string[] = [];
      const progress = createProgress({ label: 'ingest', output: { write: (text) => written.push(text) }, isSilent });
      progress.update(1, 3);
      progress.update(3, 3);
      progress.stop();
      expect(written.join('')).toMatch(pattern);
    }
  });
});

describe('errors', () => {
  it('have what failed and why, then what to do; a cause is said once', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = new SluiceError('x', { message: 'the server is down', remedy: 'start it', cause });
    const { terminal, err } = screen();
    printError(terminal, error);
    expect(err()).toBe('✖ the server is down\n  connect ECONNREFUSED\n  start it\n');
    expect(reportOf(new SluiceError('x', { message: 'down: connect ECONNREFUSED', remedy: 'y', cause })).message).toBe(
      'down: connect ECONNREFUSED',
    );
  });
  it('of the system have a remedy', () => {
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    expect(reportOf(full)).toMatchObject({ code: 'ENOSPC', message: 'the disk is full' });
    const refused = new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]);
    expect(reportOf(refused).remedy).toContain('sluice doctor');
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/root/x' });
    expect(reportOf(denied).message).toBe('permission was denied: /root/x');
  });
  it('that nobody foresaw are said to be that', () => {
    expect(reportOf(new TypeError('x is undefined\nat y'))).toMatchObject({
      code: 'unexpected',
      message: 'something went wrong that should not: x is undefined',
      remedy: expect.stringContaining('--debug'),
    });
    expect(reportOf('just text').message).toContain('just text');
  });
});

describe('look-ups', () => {
  const among = ['docs', 'docs-bot', 'pages'].map((name) => ({ name }));
  const find = (name: string) =>
    findNamed({ kind: 'thing', name, among, nameOf: (each) => each.name, whenNone: 'make one' }).name;
  it('prefer the exact name, then a unique beginning', () => {
    expect([find('docs'), find('p')]).toEqual(['docs', 'pages']);
  });
  it('say what is ambiguous, near, or there', () => {
    expect(() => find('d')).toThrow(
      expect.objectContaining({ code: 'thing_ambiguous', remedy: 'give more of it: docs, docs-bot' }),
    );
    expect(() => find('pagse')).toThrow(expect.objectContaining({ remedy: "did you mean 'pages'?" }));
    expect(() => find('something-else')).toThrow(
      expect.objectContaining({ remedy: "there is 'docs', 'docs-bot', 'pages'" }),
    );
    expect(() => find('')).toThrow(expect.objectContaining({ code: 'thing_unknown' }));
  });
});

describe('the terminal', () => {
  const coloured = (environment: { [name: string]: string }, isTTY: boolean) =>
    screen({ environment }, isTTY).terminal.colours.red('x') !== 'x';
  it.each([
    ['a terminal', {}, true, true],
    ['a pipe', {}, false, false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['a dumb terminal', { TERM: 'dumb' }, true, false],
    ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, false, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
  ])('colours for %s', (_name, environment, isTTY, expected) => {
    expect(coloured(environment, isTTY)).toBe(expected);
  });
  it('--quiet silences notes, never warnings or the answer', () => {
    const { terminal, out, err } = screen({ quiet: true });
    terminal.note('note');
    terminal.warn('warning');
    terminal.print('answer');
    expect([out(), err()]).toEqual(['answer\n', 'warning\n']);
  });
});
