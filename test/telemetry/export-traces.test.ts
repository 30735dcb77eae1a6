/** The outbox worked off: what is sent, what waits, and what a receiver that is away, or refuses one, does to the rest. */
import { expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import type { ExportItem, TraceExports } from '../../src/store/traces.ts';
import type { TraceSource } from '../../src/telemetry/load-trace.ts';
import { createTraceExport } from '../../src/telemetry/otel/export-traces.ts';
import type { SpanData } from '../../src/telemetry/otel/spans.ts';
import { AT, PLAN } from './scene.ts';

interface Scene {
  readonly items: readonly ExportItem[];
  /** Throws where the receiver does. */
  readonly send?: (runIds: readonly string[]) => void;
  readonly load?: (runId: string) => void;
  readonly share?: number;
}

const item = (runId: string, more: Partial<ExportItem> = {}): ExportItem => ({
  ...{ runId, part: '', state: 'completed', tries: 1 },
  ...more,
});

function play({ items, send = () => undefined, load = () => undefined, share = 1 }: Scene) {
  const log: string[] = [];
  const names = (of: readonly { readonly runId: string }[]) => of.map(({ runId }) => runId).join(' ');
  let left = items;
  const exports: TraceExports = {
    want: async () => void log.push('want'),
    trim: async () => 0,
    async claim(limit) {
      const claimed = left.slice(0, limit);
      left = left.slice(limit);
      return claimed;
    },
    settle: async (of, as) => void log.push(`${as}: ${names(of)}`),
    async postpone(of, { error, ms }) {
      log.push(`waits ${ms}: ${names(of)} (${error})`);
      return 0;
    },
    counts: () => Promise.reject(new Error('not asked')),
  };
  const run = (runId: string) => ({
    ...{ runId, pipeline: 'bot', planId: 'p', arms: {}, state: 'completed', input: 'q', output: 'a', error: null },
    ...{ startedAt: AT, finishedAt: AT + 1, contentRemovedAt: null, nodes: [], calls: [] },
    spent: { costUsd: null, unknownCalls: 0, byKey: new Map() },
  });
  const store = {
    runs: {
      async get(runId: string) {
        load(runId);
        return run(runId);
      },
      outputs: async () => new Map(),
    },
    plans: { get: async () => PLAN },
    traces: { attempts: { ofRun: async () => [] }, calls: async () => [] },
    feedback: { ofRun: async () => [] },
  } as unknown as TraceSource['store'];
  const { round } = createTraceExport({
    ...{ source: { store, urlOf: (runId) => runId }, exports, share, hasContent: false },
    async send(spans: readonly SpanData[]) {
      const runIds = spans.map(({ attributes }) => String(attributes['sluice.run.id']));
      log.push(`sends ${runIds.join(' ')}`);
      send(runIds);
    },
    onChange: (message) => void log.push(message),
  });
  return { log, round };
}

test('runs that have just ended go together, and those that failed before, alone', async () => {
  const { log, round } = play({ items: [item('a'), item('b', { tries: 3 }), item('c'), item('d', { tries: 2 })] });
  expect(await round()).toBe(false);
  expect(log).toEqual([...['want', 'sends a c', 'exported: a c', 'sends b', 'exported: b', 'sends d', 'exported: d']]);
});

test('a full claim is followed by another, and wanting is said now and then only', async () => {
  const { log, round } = play({ items: Array.from({ length: 21 }, (_, n) => item(`r${n}`)) });
  expect([await round(), await round()]).toEqual([true, false]);
  expect(log.filter((line) => line === 'want')).toHaveLength(1);
  expect(log.at(-1)).toBe('exported: r20');
});

test('while the receiver is away all waits, longer each time, and that is said once', async () => {
  let isAway = true;
  const { log, round } = play({
    items: [item('a'), item('b', { tries: 4 }), item('c', { tries: 40 })],
    send: () => {
      if (isAway) throw new Error('ECONNREFUSED');
    },
  });
  expect(await round()).toBe(false);
  expect(log).toEqual([
    ...['want', 'sends a', 'traces cannot be sent, and wait: ECONNREFUSED', 'waits 5000: a (ECONNREFUSED)'],
    ...['waits 40000: b (another could not be sent)', 'waits 600000: c (another could not be sent)'],
  ]);
  isAway = false;
  const again = play({ items: [item('a', { tries: 2 })] });
  await again.round();
  expect(again.log).toContain('exported: a');
});

test('one that a receiver refuses does not keep those that are new', async () => {
  const { log, round } = play({
    items: [item('bad', { tries: 2 }), item('new')],
    send: (runIds) => {
      if (runIds.includes('bad')) throw new Error('413');
    },
  });
  await round();
  expect(log).toContain('exported: new');
  expect(log).toContain('waits 10000: bad (413)');
});

test('a part of the runs is sent, and all of those that failed', async () => {
  const { log, round } = play({ items: [item('a'), item('b', { state: 'failed' }), item('c')], share: 0 });
  await round();
  expect(log).toEqual(['want', 'sends b', 'exported: b', 'left_out: a c']);
});

test('what is gone is left out, what cannot be put together waits, and without the database nothing is settled', async () => {
  const gone = new SluiceError('run_unknown', { message: 'gone', remedy: '' });
  const { log, round } = play({
    items: [item('gone'), item('odd'), item('fine'), item('unsaid', { part: 'feedback' })],
    load: (runId) => {
      if (runId === 'gone') throw gone;
      if (runId === 'odd') throw new TypeError('odd');
    },
  });
  await round();
  expect(log).toEqual([
    ...['want', 'waits 5000: odd (its trace could not be put together)', 'sends fine', 'exported: fine'],
    'left_out: gone unsaid',
  ]);
  const away = new SluiceError('database_unreachable', { message: 'away', remedy: '' });
  const without = play({
    items: [item('a')],
    load: () => {
      throw away;
    },
  });
  await expect(without.round()).rejects.toBe(away);
  expect(without.log).toEqual(['want']);
});
