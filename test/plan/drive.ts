/**
 * Drives a walk by hand: calls end when, and in the order in which, a seeded schedule says so, one or a few at a time.
 */
import { setImmediate } from 'node:timers/promises';
import type { Json, Plan, Wiring } from '../../src/plan/plan.ts';
import {
  CallFailure,
  type CallRequest,
  type NodeRun,
  STEP_INPUT_INVALID,
  type WalkError,
  type WalkFailed,
  type WalkResult,
  type walk,
} from '../../src/plan/walk.ts';
import { type Answer, behave } from './behave.ts';

export type WalkFunction = typeof walk;
export type Behave = typeof behave;

export interface Moment {
  readonly started: readonly CallRequest[];
  /** By `key call`. */
  readonly ended: ReadonlyMap<string, Answer>;
  readonly underWay: readonly CallRequest[];
}

export interface Drive {
  /** Decides the order in which calls end. */
  readonly seed: number;
  readonly behaves?: Behave;
  /** Called whenever everything that can happen without a call's end has happened. */
  readonly onQuiet?: (moment: Moment) => void;
  /** Cancels when so many calls have ended. */
  readonly cancelAfter?: number;
  readonly observe?: readonly Wiring[];
}

type Output = { readonly value: Json } | { readonly error: WalkError; readonly outcome: 'failed' | 'cancelled' };

export interface Driven {
  readonly output: Output;
  readonly result: WalkResult;
  readonly started: readonly CallRequest[];
  /** What views were told, in order. */
  readonly seen: readonly NodeRun[];
  /** How things stood when the run was cancelled, if it still went on then. */
  readonly atCancel: AtCancel | undefined;
}

interface AtCancel {
  readonly startedCount: number;
  readonly seenCount: number;
  readonly underWay: readonly CallRequest[];
  readonly output: Output | undefined;
}

interface Waiting {
  readonly request: CallRequest;
  readonly end: () => void;
}

export async function drive(walkPlan: WalkFunction, plan: Plan, input: Json, how: Drive): Promise<Driven> {
  const random = generator(how.seed);
  const started: CallRequest[] = [];
  const ended = new Map<string, Answer>();
  const waiting: Waiting[] = [];
  const cancel = new AbortController();
  let atCancel: AtCancel | undefined;
  let output: Output | undefined;
  let result: WalkResult | undefined;
  const seen: NodeRun[] = [];

  const execute = (request: CallRequest): Promise<Json> => {
    started.push(request);
    return new Promise((resolve, reject) => {
      const end = () => {
        const answer = (how.behaves ?? behave)(request.node, request.key, request.call, request.input);
        ended.set(`${request.key} ${request.call}`, answer);
        if (request.signal.aborted && random() % 2 === 0) reject(new Error('aborted'));
        else if ('value' in answer) resolve(answer.value);
        else reject(failureOf(answer.failure));
      };
      waiting.push({ request, end });
    });
  };
  const { observe } = how;
  const walking = walkPlan(plan, input, execute, {
    cancel: cancel.signal,
    onNode: (run) => seen.push(run),
    ...(observe && { observe }),
  });
  walking.output.then(
    (value) => {
      output = { value };
    },
    (reason: unknown) => {
      if (!(reason instanceof Error && 'error' in reason)) throw reason;
      const { error, outcome } = reason as WalkFailed;
      output = { error, outcome };
    },
  );
  void walking.finished.then((value) => {
    result = value;
  });

  const underWay = () => waiting.map(({ request }) => request);
  for (await setImmediate(); ; await setImmediate()) {
    how.onQuiet?.({ started: [...started], ended: new Map(ended), underWay: underWay() });
    if (waiting.length === 0) break;
    if (how.cancelAfter !== undefined && ended.size >= how.cancelAfter && !atCancel) {
      atCancel = { startedCount: started.length, seenCount: seen.length, underWay: underWay(), output };
      cancel.abort();
    }
    const together = random() % 4 === 0 ? 1 + (random() % 3) : 1;
    for (let count = 0; count < together && waiting.length > 0; count++) {
      waiting.splice(random() % waiting.length, 1)[0]!.end();
    }
  }
  if (!result || !output) throw new Error('nothing is under way, and the walk has not finished');
  return { output, result, started, seen, atCancel };
}

function failureOf(failure: 'ordinary' | 'mistake'): Error {
  return failure === 'mistake'
    ? new CallFailure(STEP_INPUT_INVALID, 'the input does not fit', { retryable: false })
    : new Error('the provider is down');
}

/** A small linear congruential generator: seeded, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
