/** A run as one tree: nested as its plan is, and with every attempt, whatever became of the worker that made it. */
import { describe, expect, test } from 'vitest';
import { AT, attempt, call, container, find, linesOf, row, traceOfScene } from './scene.ts';

const NODES = [
  row('search'),
  ...[container('answer', 'repeat'), container('reply', 'branch')],
  ...[row('draft[1]'), container('checks[1]', 'map'), row('in/check[1][0]'), row('in/check[1][1]')],
  ...[row('draft[2]', { startedAt: AT + 200, durationMs: 300 }), container('checks[2]', 'map'), row('in/check[2][0]')],
  row('polish', { startedAt: AT + 600 }),
];

describe('the tree', () => {
  test('holds rounds, items and the arm that was taken, in the order of the plan', () => {
    expect(linesOf(traceOfScene({ nodes: NODES }).nodes)).toEqual([
      'search completed',
      'answer completed',
      '  answer[1]',
      '    draft[1] completed',
      '    checks[1] completed',
      '      checks[1][0]',
      '        in/check[1][0] completed',
      '      checks[1][1]',
      '        in/check[1][1] completed',
      '  answer[2]',
      '    draft[2] completed',
      '    checks[2] completed',
      '      checks[2][0]',
      '        in/check[2][0] completed',
      'reply completed',
      '  reply/then',
      '    polish completed',
    ]);
  });

  test('is the same whatever order the rows are in', () => {
    const calls = [call('draft[1]', 1), call('draft[2]', 1, { callId: 'other' })];
    const one = traceOfScene({ nodes: NODES, calls });
    const other = traceOfScene({ nodes: NODES.toReversed(), calls: calls.toReversed() });
    expect(other).toEqual(one);
  });

  test('gives containers the times of what is in them, and steps their own', () => {
    const { nodes } = traceOfScene({ nodes: NODES });
    const [, answer] = nodes;
    expect(answer).toMatchObject({ startedAt: AT, endedAt: AT + 500 });
    expect(answer!.nodes[1]).toMatchObject({ kind: 'round', name: 'round 2', startedAt: AT, endedAt: AT + 500 });
    expect(find(nodes, 'draft[2]')).toMatchObject({
      startedAt: AT + 200,
      endedAt: AT + 500,
      spent: { costUsd: 0.0012 },
    });
    expect(find(nodes, 'draft[1]').spent).toMatchObject({ paidCalls: 0, costUsd: null });
  });

  test('shows what is not of the plan, too', () => {
    const calls = [call('judge of something', 1)];
    expect(linesOf(traceOfScene({ nodes: NODES, calls }).nodes).at(-1)).toBe('judge of something lost');
  });
});

describe('values', () => {
  const values = {
    inputs: new Map([['search', { value: 'why?' }]]),
    outputs: new Map([['draft[1]', { value: { text: 'no' } }]]),
  };
  const outcomes = { 'draft[2]': 'failed', polish: 'skipped' } as const;

  test('are shown, or it is said why not: never as nothing', () => {
    const nodes = NODES.map((each) => {
      const outcome = outcomes[each.key as keyof typeof outcomes];
      return outcome === undefined
        ? each
        : { ...each, outcome, ...(outcome === 'skipped' && { call: null, attempts: 0 }) };
    });
    const trace = traceOfScene({ nodes: [...nodes, row('search', { outcome: 'or-else' })], values });
    const shown = (key: string) => {
      const { input, output } = find(trace.nodes, key);
      return { input, output };
    };
    expect(shown('search').input).toEqual({ value: 'why?' });
    expect(shown('search').output).toEqual({ missing: 'not kept' });
    expect(shown('draft[1]')).toEqual({ input: { missing: 'not kept' }, output: { value: { text: 'no' } } });
    expect(shown('draft[2]').output).toEqual({ missing: 'it gave nothing: failed' });
    expect(shown('polish')).toEqual({
      input: { missing: 'it was not called' },
      output: { missing: 'it gave nothing: skipped' },
    });
    expect(shown('answer')).toEqual({
      input: { missing: expect.any(String) },
      output: { missing: expect.any(String) },
    });
  });

  test('an orElse is what was given instead', () => {
    const trace = traceOfScene({ nodes: [row('search', { outcome: 'or-else' })] });
    expect(find(trace.nodes, 'search').output).toEqual({ value: { passages: [] } });
  });
});

describe('attempts', () => {
  const attemptsOf = (recorded: Parameters<typeof traceOfScene>[0], key = 'search') =>
    find(traceOfScene(recorded).nodes, key).attempts.map(({ call: which, attempt: number, outcome }) =>
      [which === 'fallback' && 'fallback', number, outcome].filter(Boolean).join(' '),
    );

  test('a first one that succeeds is told by its node run', () => {
    const { attempts } = find(traceOfScene({ nodes: [row('search')] }).nodes, 'search');
    expect(attempts).toEqual([
      {
        ...{
          call: 'step',
          attempt: 1,
          step: 'search@1',
          outcome: 'completed',
          queuedMs: 10,
          worker: null,
          error: null,
        },
        ...{ startedAt: AT + 10, endedAt: AT + 100, calls: [] },
      },
    ]);
  });

  test('failed ones have their error, times and worker, and each its own calls', () => {
    const calls = [call('search', 1, { status: 'failed' }), call('search', 2, { callId: 'second' })];
    const attempts = [attempt('search', 1), attempt('search', 2, { outcome: 'completed', error: null })];
    const trace = traceOfScene({ nodes: [row('search', { attempts: 2 })], attempts, calls });
    expect(find(trace.nodes, 'search').attempts).toMatchObject([
      {
        ...{ outcome: 'failed', worker: '1@here', startedAt: AT + 1_000, endedAt: AT + 1_050, queuedMs: 5 },
        ...{ error: { code: 'overloaded' }, calls: [{ callId: 'call-search-1', status: 'failed' }] },
      },
      { outcome: 'completed', error: null, calls: [{ callId: 'second', response: { value: { text: 'because' } } }] },
    ]);
  });

  test('one whose worker was killed is lost, with the calls that it had opened', () => {
    const cut = call('search', 2, { status: 'cut', finishedAt: null, response: null });
    const attempts = [attempt('search', 1), attempt('search', 3, { outcome: 'completed', error: null })];
    const trace = traceOfScene({ nodes: [row('search', { attempts: 3 })], attempts, calls: [cut] });
    const [, lost] = find(trace.nodes, 'search').attempts;
    expect(lost).toMatchObject({
      ...{ outcome: 'lost', startedAt: cut.startedAt, endedAt: null, worker: null, error: { code: 'worker_lost' } },
      calls: [{ status: 'cut', request: { value: expect.anything() }, response: { missing: 'nothing came back' } }],
    });
  });

  test('a last one that was lost has what the server said of it', () => {
    const error = { code: 'heartbeat_lost', message: 'no sign of life' };
    const nodes = [row('search', { attempts: 3, outcome: 'failed', error, startedAt: null, durationMs: null })];
    const { attempts } = find(
      traceOfScene({ nodes, attempts: [attempt('search', 1)], state: 'failed' }).nodes,
      'search',
    );
    expect(attempts.map(({ outcome, error }) => [outcome, (error as { code: string }).code])).toEqual([
      ['failed', 'overloaded'],
      ['lost', 'worker_lost'],
      ['lost', 'heartbeat_lost'],
    ]);
  });

  test('those of the fallback come after those of the step', () => {
    const helped = { attempts: 4, call: 'fallback', outcome: 'fallback' } as const;
    const rows = [
      attempt('draft[1]', 1),
      attempt('draft[1]', 3),
      attempt('draft[1]', 1, { call: 'fallback', outcome: 'completed' }),
    ];
    expect(attemptsOf({ nodes: [row('draft[1]', helped)], attempts: rows }, 'draft[1]')).toEqual([
      '1 failed',
      '2 lost',
      '3 failed',
      'fallback 1 completed',
    ]);
    // Whether or not the attempts could be written.
    expect(attemptsOf({ nodes: [row('draft[1]', helped)] }, 'draft[1]')).toEqual([
      '1 lost',
      '2 lost',
      '3 lost',
      'fallback 1 completed',
    ]);
  });

  test('calls of a fallback are told by their key', () => {
    const help = call('draft[1]', 1, { callId: 'help', idempotencyKey: 'run-1:draft[1]:fallback', status: 'open' });
    const running = traceOfScene({
      state: 'running',
      attempts: [attempt('draft[1]', 1)],
      calls: [call('draft[1]', 1), help],
    });
    const node = find(running.nodes, 'draft[1]');
    expect(node).toMatchObject({ outcome: 'running' });
    expect(node.attempts).toMatchObject([
      { call: 'step', outcome: 'failed', calls: [{ callId: 'call-draft[1]-1' }] },
      { call: 'fallback', outcome: 'running', startedAt: help.startedAt, endedAt: null, calls: [{ callId: 'help' }] },
    ]);
  });

  test('a run that was ended from outside keeps what is known of it', () => {
    const cut = call('draft[1]', 2, { status: 'cut', finishedAt: null });
    const trace = traceOfScene({
      state: 'failed',
      error: { code: 'terminated' },
      attempts: [attempt('draft[1]', 1)],
      calls: [cut],
    });
    expect(linesOf(trace.nodes)).toEqual(['answer lost', '  answer[1]', '    draft[1] lost']);
    expect(find(trace.nodes, 'draft[1]').attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'lost']);
  });

  test('what was never called has none, and one that was cancelled says so', () => {
    const nodes = [
      row('search', { outcome: 'blocked', call: null, attempts: 0 }),
      row('polish', { outcome: 'cancelled' }),
    ];
    expect(attemptsOf({ nodes })).toEqual([]);
    expect(attemptsOf({ nodes }, 'polish')).toEqual(['1 cancelled']);
  });
});
