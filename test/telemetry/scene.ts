/** A run of a plan with a loop, a map and a branch, recorded as the store has it: what traces are made of. */
import type { Json, Plan, StepNode } from '../../src/plan/plan.ts';
import type { NodeRunRow, RunRow, RunState } from '../../src/store/runs.ts';
import { NOTHING_SPENT, type RunSpending, type Spending } from '../../src/store/spending.ts';
import type { AttemptRow, TracedCallRow } from '../../src/store/traces.ts';
import { type Trace, type TraceNode, traceOf, type Values } from '../../src/telemetry/trace.ts';

export const AT = Date.UTC(2026, 2, 1);

const step = (id: string, more: Partial<StepNode> = {}): StepNode => ({
  kind: 'step',
  id,
  call: { step: `${id.split('/').at(-1)}@1`, config: {} },
  input: { $from: ['input'] },
  policy: { attempts: 3, timeoutMs: 1_000, backoff: { firstMs: 10, factor: 2, maxMs: 100 }, lane: 'activity' },
  ...more,
});

/** search, then `answer` (draft, and a map of checks, in rounds), then `reply` by what came of it. */
export const PLAN: Plan = {
  format: 1,
  pipeline: 'bot',
  schemas: { input: {}, output: {} },
  nodes: [
    step('search', { orElse: { passages: [] } }),
    {
      ...{ kind: 'repeat', id: 'answer', max: 3, start: { feedback: '' }, whenExhausted: 'keep-last' },
      nodes: [
        step('draft', { fallback: { step: 'generate@2', config: {} } }),
        {
          ...{ kind: 'map', id: 'checks', over: { $from: ['draft'] }, max: 5, concurrency: 2, whenOver: 'truncate' },
          nodes: [step('in/check')],
          yields: { $from: ['in/check'] },
        },
      ],
      until: { $value: true },
      carry: { $value: {} },
      yields: {},
    },
    {
      ...{ kind: 'branch', id: 'reply', when: { $value: true } },
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      then: { nodes: [step('polish')], yields: { $from: ['polish'] } },
      otherwise: { nodes: [step('refuse')], yields: { $from: ['refuse'] } },
    },
  ],
  output: { $from: ['reply'] },
};

export const row = (key: string, more: Partial<NodeRunRow> = {}): NodeRunRow => {
  const node = key.replace(/(\[\d+\])+$/, '');
  return {
    ...{ key, node, kind: 'step', step: `${node}@1`, call: 'step', outcome: 'completed', attempts: 1 },
    ...{ startedAt: AT, durationMs: 100, queuedMs: 10, error: null },
    ...more,
  };
};

export const container = (key: string, kind: NodeRunRow['kind']): NodeRunRow =>
  row(key, { kind, step: null, call: null, attempts: 0, startedAt: null, durationMs: null, queuedMs: null });

export const attempt = (key: string, number: number, more: Partial<AttemptRow> = {}): AttemptRow => ({
  ...{ key, call: 'step', attempt: number, step: `${key}@1`, outcome: 'failed', worker: '1@here' },
  ...{ startedAt: AT + number * 1_000, durationMs: 50, queuedMs: 5 },
  error: { code: 'overloaded', message: 'busy' },
  ...more,
});

export const call = (key: string, number: number, more: Partial<TracedCallRow> = {}): TracedCallRow => ({
  ...{ callId: `call-${key}-${number}`, key, attempt: number, idempotencyKey: `run-1:${key}` },
  ...{ provider: 'openai', model: 'gpt-5-mini', kind: 'text', status: 'done', usage: 'reported' },
  ...{ inputTokens: 120, cachedInputTokens: 20, outputTokens: 30, searchUnits: null, costUsd: 0.0012 },
  ...{ requestId: 'req-1', errorCode: null, startedAt: AT + number * 1_000 + 5, finishedAt: AT + number * 1_000 + 45 },
  request: {
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'why?' },
    ],
    maxOutputTokens: 9,
  },
  response: { text: 'because' },
  ...more,
});

export interface Recorded {
  readonly state?: RunState;
  readonly error?: Json;
  readonly nodes?: readonly NodeRunRow[];
  readonly attempts?: readonly AttemptRow[];
  readonly calls?: readonly TracedCallRow[];
  readonly values?: Partial<Values>;
  readonly plan?: Plan;
}

const SPENT: Spending = { ...NOTHING_SPENT, paidCalls: 1, costUsd: 0.0012, inputTokens: 120, outputTokens: 30 };

export function traceOfScene({ state = 'completed', nodes = [], attempts = [], calls = [], ...rest }: Recorded): Trace {
  const { error = null, values = {}, plan = PLAN } = rest;
  const spent: RunSpending = { ...SPENT, byKey: new Map([['draft[2]', SPENT]]) };
  const run: RunRow & { readonly spent: RunSpending } = {
    ...{
      runId: 'run-1',
      pipeline: 'bot',
      variant: null,
      planId: 'abcdef',
      arms: { rerank: 'wide' },
      unit: 'u-1',
      state,
      error,
      spent,
    },
    ...{
      idempotencyKey: null,
      budget: null,
      request: null,
      assignments: null,
      owner: null,
      contentRemovedAt: null,
      contentRemovedBy: null,
      input: { question: 'why?' },
      output: 'because',
    },
    ...{ startedAt: AT, finishedAt: state === 'running' ? null : AT + 5_000 },
  };
  return traceOf(
    {
      ...{ run, attempts, calls, feedback: [], temporalUrl: 'http://temporal/run-1' },
      input: { value: run.input },
      output: state === 'completed' ? { value: run.output } : { missing: 'it has none' },
    },
    plan,
    nodes,
    { inputs: new Map(), outputs: new Map(), unkept: 'not kept', ...values },
  );
}

/** The tree as lines: `draft[1] completed`. */
export function linesOf(nodes: readonly TraceNode[], depth = 0): readonly string[] {
  return nodes.flatMap(({ key, outcome, nodes: inside }) => [
    `${'  '.repeat(depth)}${[key, outcome].filter(Boolean).join(' ')}`,
    ...linesOf(inside, depth + 1),
  ]);
}

export const find = (nodes: readonly TraceNode[], key: string): TraceNode =>
  [...walk(nodes)].find((node) => node.key === key && node.outcome !== null)!;

function* walk(nodes: readonly TraceNode[]): Generator<TraceNode> {
  for (const node of nodes) {
    yield node;
    yield* walk(node.nodes);
  }
}
