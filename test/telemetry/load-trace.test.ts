/** What nodes were given follows from what the others gave; what is not there says why. */
import { expect, test } from 'vitest';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';
import { loadTrace, type TraceSource } from '../../src/telemetry/load-trace.ts';
import { AT, find, row } from './scene.ts';

const policy = { attempts: 1, timeoutMs: 1, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' } as const;
const node = (id: string, from: readonly [string, ...string[]]) =>
  ({ kind: 'step', id, call: { step: `${id}@1`, config: {} }, input: { $from: from }, policy }) as const;
const PLAN: Plan = {
  ...{ format: 1, pipeline: 'bot', schemas: { input: {}, output: {} } },
  nodes: [node('one', ['input', 'question']), node('two', ['one', 'text']), node('three', ['two'])],
  output: { $from: ['three'] },
};
const STORED = { $claim: 'hash', bytes: 9 };

interface Kept {
  readonly outputs: readonly (readonly [string, Json])[];
  readonly run?: object;
  readonly stored?: ReadonlyMap<string, string>;
}

function source({ outputs, run, stored = new Map() }: Kept): TraceSource {
  const row1 = row('one');
  const store = {
    runs: {
      get: async () => ({
        ...{ runId: 'run-1', pipeline: 'bot', planId: 'p', arms: {}, state: 'completed', error: null },
        ...{ input: { question: 'why?' }, output: STORED, startedAt: AT, finishedAt: AT + 1 },
        ...{ nodes: [row1, row('two'), row('three')], spent: { ...NOTHING_SPENT, byKey: new Map() } },
        ...{ contentRemovedAt: null, contentRemovedBy: null },
        ...run,
      }),
      outputs: async () => new Map(outputs),
    },
    plans: { get: async () => PLAN },
    payloads: { get: async () => stored },
    traces: { attempts: { ofRun: async () => [] }, calls: async () => [] },
    feedback: { ofRun: async () => [] },
  };
  return { store: store as unknown as TraceSource['store'], urlOf: (runId) => `http://ui/${runId}` };
}

const shown = async (kept: Kept) => {
  const trace = await loadTrace(source(kept), 'run-1');
  const of = (key: string) => {
    const { input, output } = find(trace.nodes, key);
    return [input, output];
  };
  return { trace, of };
};

test('inputs are what the wiring makes of the outputs on record', async () => {
  const { trace, of } = await shown({
    outputs: [
      ['one', { text: 'first' }],
      ['two', STORED],
      ['three', 'third'],
    ],
    stored: new Map([['hash', '["whole"]']]),
  });
  expect(of('one')).toEqual([{ value: 'why?' }, { value: { text: 'first' } }]);
  expect(of('two')).toEqual([{ value: 'first' }, { value: ['whole'] }]);
  expect(of('three')).toEqual([{ value: ['whole'] }, { value: 'third' }]);
  expect(trace).toMatchObject({ output: { value: ['whole'] }, temporalUrl: 'http://ui/run-1' });
});

test('an output that is not kept hides what was made of it, and nothing else', async () => {
  const unkept = { missing: expect.stringMatching(/^not kept/) };
  const { of } = await shown({ outputs: [['one', { text: 'first' }]] });
  expect(of('one')).toEqual([{ value: 'why?' }, { value: { text: 'first' } }]);
  expect(of('two')).toEqual([{ value: 'first' }, unkept]);
  expect(of('three')).toEqual([unkept, unkept]);
});

test('what was stored aside and is gone is told from what is empty', async () => {
  const { trace } = await shown({ outputs: [] });
  expect(trace.output).toEqual({ missing: expect.stringMatching(/stored aside/) });
});

test('content that was removed says when, and by what', async () => {
  const removed = { missing: 'removed on 2026-03-01 by erasure' };
  const run = { contentRemovedAt: AT, contentRemovedBy: 'erasure', input: null, output: null };
  const { trace, of } = await shown({ outputs: [], run });
  expect([trace.input, trace.output]).toEqual([removed, removed]);
  expect(of('two')).toEqual([removed, removed]);
});

test('a run that is under way, and one that failed, have no output', async () => {
  const running = await shown({ outputs: [], run: { state: 'running', finishedAt: null, nodes: [] } });
  expect(running.trace).toMatchObject({ output: { missing: 'it has none yet' }, nodes: [], endedAt: null });
  const failed = await shown({ outputs: [], run: { state: 'failed', nodes: [] } });
  expect(failed.trace.output).toEqual({ missing: 'it has none: the run failed' });
});
