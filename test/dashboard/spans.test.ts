import { describe, expect, test } from 'vitest';
import {
  closedAtFirst,
  type Line,
  linesOf,
  type RunTrace,
  seenLines,
  toneOfLine,
} from '../../dashboard/screens/run/spans.ts';
import { AT, attempt, call, container, type Recorded, row, traceOfScene } from '../telemetry/scene.ts';

const traced = (recorded: Recorded): RunTrace => ({ ...traceOfScene(recorded), unit: 'u-1' });
const words = (lines: readonly Line[]) => lines.map(({ level, title }) => `${'  '.repeat(level - 1)}${title}`);
const named = (lines: readonly Line[], title: string): Line => lines.find((line) => line.title === title)!;

const LOOP = [row('search'), container('answer', 'repeat'), row('draft[1]'), row('draft[2]')];

describe('lines of a trace', () => {
  test('the run, its nodes as they are nested, and calls under the node where its one attempt went well', () => {
    const lines = linesOf(traced({ nodes: LOOP, calls: [call('draft[2]', 1)] }));
    expect(words(lines)).toEqual([
      'bot',
      '  search',
      '  answer',
      '    round 1',
      '      draft[1]',
      '    round 2',
      '      draft[2]',
      '        text gpt-5-mini',
    ]);
  });

  test('attempts have lines of their own where one failed', () => {
    const nodes = [row('search', { attempts: 2 })];
    const attempts = [attempt('search', 1), attempt('search', 2, { outcome: 'completed', error: null })];
    const lines = linesOf(traced({ nodes, attempts }));
    expect(words(lines)).toEqual(['bot', '  search', '    attempt 1', '    attempt 2']);
    expect(lines.map(toneOfLine)).toEqual(['fine', 'fine', 'bad', 'fine']);
  });

  test('a container has the money and tokens of what is in it; where no call was paid, none are known', () => {
    const lines = linesOf(traced({ nodes: LOOP, calls: [call('draft[2]', 1)] }));
    expect(named(lines, 'answer')).toMatchObject({ tokens: 150, costUsd: 0.0012, isAtLeast: false });
    expect(named(lines, 'search')).toMatchObject({ tokens: null, costUsd: null });
  });

  test('the work of a node begins after its wait, that of an attempt where it begins', () => {
    const lines = linesOf(traced({ nodes: [row('search', { attempts: 2 })], attempts: [attempt('search', 1)] }));
    expect(named(lines, 'search')).toMatchObject({ startedAt: AT, queuedMs: 10, worksFrom: AT + 10 });
    expect(named(lines, 'attempt 1')).toMatchObject({ startedAt: AT + 1_000, worksFrom: AT + 1_000 });
  });
});

describe('what is seen', () => {
  const lines = linesOf(traced({ nodes: LOOP, calls: [call('draft[2]', 1)] }));

  test('nothing inside of what is closed, at any depth', () => {
    expect(words(seenLines(lines, new Set(['answer'])))).toEqual(['bot', '  search', '  answer']);
    expect(seenLines(lines, new Set())).toEqual(lines);
  });

  test('of few lines all are open at first; of many, those below the first levels are closed', () => {
    expect(closedAtFirst(lines).size).toBe(0);
    const rounds = Array.from({ length: 40 }, (_, index) => row(`draft[${index + 1}]`));
    const many = linesOf(traced({ nodes: [container('answer', 'repeat'), ...rounds] }));
    const seen = seenLines(many, closedAtFirst(many));
    expect(seen.length).toBe(42);
    expect(seen.every(({ level }) => level <= 3)).toBe(true);
  });
});
