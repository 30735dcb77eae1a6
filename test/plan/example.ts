/** A plan with every node kind, as a lowered docs bot looks; tests change copies of it. */
import type { CallPolicy, Json, Plan, StepNode, Wiring } from '../../src/plan/plan.ts';

const policy: CallPolicy = {
  attempts: 3,
  timeoutMs: 30_000,
  backoff: { firstMs: 1_000, factor: 2, maxMs: 20_000 },
  heartbeatMs: 5_000,
  beats: 'timer',
  lane: 'activity',
};

export const from = (...path: [string, ...string[]]): Wiring => ({ $from: path });
const object = (parts: { [key: string]: Wiring }): Wiring => ({ $object: parts });

export function step(
  id: string,
  call: string,
  input: { [key: string]: Wiring },
  more: Partial<StepNode> = {},
  config: Json = {},
): StepNode {
  return {
    kind: 'step',
    id,
    call: { step: call, config },
    input: object(input),
    policy: structuredClone(policy),
    ...more,
  };
}

const objectSchema = (...fields: string[]): Json => ({
  type: 'object',
  properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
});

export const docsBot: Plan = {
  format: 1,
  pipeline: 'docs-bot',
  schemas: { input: objectSchema('question', 'history'), output: objectSchema('text') },
  nodes: [
    step('enhance', 'enhanceQuery@1', { question: from('input', 'question') }, {}, { model: 'local/extractive' }),
    {
      kind: 'map',
      id: 'vector',
      over: from('enhance', 'queries'),
      max: 8,
      concurrency: 4,
      whenOver: 'truncate',
      nodes: [step('lookup', 'vectorSearch@1', { query: from('vector:item') }, { orElse: { passages: [] } })],
      yields: from('lookup', 'passages'),
    },
    step(
      'keyword',
      'keywordSearch@1',
      { query: from('enhance', 'standalone') },
      { when: from('enhance', 'answerable'), orElse: { passages: [] } },
      { topK: 20 },
    ),
    step('fused', 'fuse@1', { lists: { $list: [from('vector'), from('keyword', 'passages')] } }),
    step(
      'ranked',
      'rerank@2',
      { query: from('enhance', 'standalone'), passages: from('fused', 'passages') },
      { fallback: { step: 'keepOrder@1', config: { topN: 8 } } },
      { topN: 8, model: 'local/lexical' },
    ),
    {
      kind: 'branch',
      id: 'reply',
      when: from('enhance', 'answerable'),
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      then: {
        nodes: [
          {
            kind: 'repeat',
            id: 'answer',
            max: 3,
            start: { feedback: '' },
            whenExhausted: 'keep-last',
            nodes: [
              step('draft', 'generate@1', {
                question: from('enhance', 'standalone'),
                passages: from('ranked', 'passages'),
                feedback: from('answer:carry', 'feedback'),
              }),
              step('check', 'validate@1', { answer: from('draft', 'text'), passages: from('ranked', 'passages') }),
            ],
            until: from('check', 'passed'),
            carry: object({ feedback: from('check', 'feedback') }),
            yields: { draft: from('draft'), check: from('check') },
          },
        ],
        yields: object({ text: from('answer', 'draft', 'text'), rounds: from('answer', 'rounds') }),
      },
      otherwise: {
        nodes: [step('related/hits', 'keywordSearch@1', { query: from('enhance', 'standalone') }, {}, { topK: 5 })],
        yields: object({ text: from('related/hits', 'best'), rounds: { $value: 0 } }),
      },
    },
  ],
  output: object({ text: from('reply', 'text') }),
};

/** A copy with one place changed, or removed when `value` is undefined: `changed('nodes.0.call.step', 'other@1')`. */
export function changed(path: string, value?: unknown, plan: unknown = docsBot): Plan {
  const copy = structuredClone(plan);
  const keys = path.split('.');
  const last = keys.pop()!;
  const holder = keys.reduce<object>((here, key) => Reflect.get(here, key) as object, copy as object);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  // defineProperty, since an assignment to '__proto__' would not make a key.
  else Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
  return copy as Plan;
}
