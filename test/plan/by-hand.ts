/** Small plans written by hand, and a host whose calls end when the test says so. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'vitest';
import type {
  Arm,
  BranchNode,
  Json,
  MapNode,
  Plan,
  PlanNode,
  RepeatNode,
  StepNode,
  Wiring,
} from '../../src/plan/plan.ts';
import {
  CallFailure,
  type CallRequest,
  type Walk,
  type WalkOptions,
  type WalkResult,
  walk,
} from '../../src/plan/walk.ts';

/** `from('draft.text')` */
export function from(path: string): Wiring {
  return { $from: path.split('.') as [string, ...string[]] };
}

/** Strings are refs: `{ passages: 'search.passages' }`. */
export function wire(parts: { readonly [key: string]: string | Wiring }): Wiring {
  return {
    $object: Object.fromEntries(
      Object.entries(parts).map(([key, part]) => [key, typeof part === 'string' ? from(part) : part]),
    ),
  };
}

type Options = Partial<Pick<StepNode, 'when' | 'orElse' | 'fallback' | 'policy'>>;

export function step(
  id: string,
  input: { readonly [key: string]: string | Wiring } = {},
  options: Options = {},
): StepNode {
  return {
    kind: 'step',
    id,
    call: { step: `${id}@1`, config: {} },
    input: wire(input),
    policy: { attempts: 1, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
    ...options,
  };
}

/** A loop over `draft` and whatever else is in it; done when `draft.done`. Its carry is `{ note }`. */
export function repeat(id: string, nodes: readonly PlanNode[], options: Partial<RepeatNode> = {}): RepeatNode {
  return {
    kind: 'repeat',
    id,
    max: 3,
    start: { note: 'start' },
    whenExhausted: 'keep-last',
    nodes,
    until: from('draft.done'),
    carry: wire({ note: 'draft.note' }),
    yields: Object.fromEntries(nodes.map((node) => [node.id, from(node.id)])),
    ...options,
  };
}

export function map(
  id: string,
  over: string,
  nodes: readonly PlanNode[],
  yields: string,
  options: Partial<MapNode> = {},
): MapNode {
  const limits = { max: 5, concurrency: 5, whenOver: 'truncate' } as const;
  return { kind: 'map', id, over: from(over), nodes, yields: from(yields), ...limits, ...options };
}

export function branch(id: string, when: string, taken: Arm, otherwise: Arm): BranchNode {
  // biome-ignore lint/suspicious/noThenProperty: the arm's name in the plan, and no function
  return { kind: 'branch', id, when: from(when), then: taken, otherwise };
}

export function plan(nodes: readonly PlanNode[], output: { readonly [key: string]: string | Wiring } = {}): Plan {
  return { format: 1, pipeline: 'test', schemas: { input: {}, output: {} }, nodes, output: wire(output) };
}

export interface ByHand {
  readonly walking: Walk;
  /** Keys of the calls that have been made and have not ended; a fallback's reads `draft fallback`. */
  readonly underWay: () => readonly string[];
  /** All calls ever made, in order. */
  readonly made: readonly CallRequest[];
  readonly inputOf: (key: string) => Json | undefined;
  readonly succeed: (key: string, value?: Json) => Promise<void>;
  /** Without a code the failure is an ordinary one. */
  readonly fail: (key: string, code?: string) => Promise<void>;
  readonly cancel: () => Promise<void>;
  /** The output, once known. */
  readonly output: () => Json | undefined;
  readonly result: () => Promise<WalkResult>;
  /** `{ draft: 'completed' }` */
  readonly outcomes: () => Promise<{ readonly [key: string]: string }>;
}

export async function begin(of: Plan, input: Json = {}, options: WalkOptions = {}): Promise<ByHand> {
  const made: CallRequest[] = [];
  const waiting = new Map<string, PromiseWithResolvers<Json>>();
  const abort = new AbortController();
  const name = ({ key, call }: CallRequest) => (call === 'step' ? key : `${key} ${call}`);
  const walking = walk(
    of,
    input,
    (request) => {
      made.push(request);
      const settle = Promise.withResolvers<Json>();
      waiting.set(name(request), settle);
      request.signal.addEventListener('abort', () => {
        waiting.delete(name(request));
        settle.reject(new Error('aborted'));
      });
      return settle.promise;
    },
    { cancel: abort.signal, ...options },
  );
  let output: Json | undefined;
  walking.output.then(
    (value) => {
      output = value;
    },
    () => undefined,
  );
  const end = async (key: string, how: (settle: PromiseWithResolvers<Json>) => void) => {
    const settle = waiting.get(key);
    expect(settle, `'${key}' is under way`).toBeDefined();
    waiting.delete(key);
    how(settle!);
    await setImmediate();
  };
  await setImmediate();
  return {
    walking,
    underWay: () => [...waiting.keys()],
    made,
    inputOf: (key) => made.find((request) => name(request) === key)?.input,
    succeed: (key, value = {}) => end(key, (settle) => settle.resolve(value)),
    fail: (key, code) =>
      end(key, (settle) =>
        settle.reject(
          code ? new CallFailure(code, `${key} is refused`, { retryable: false }) : new Error(`${key} broke`),
        ),
      ),
    cancel: async () => {
      abort.abort();
      await setImmediate();
    },
    output: () => output,
    result: () => walking.finished,
    outcomes: async () => Object.fromEntries((await walking.finished).nodes.map(({ key, outcome }) => [key, outcome])),
  };
}
