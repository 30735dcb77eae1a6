/** Many clients of the API at once: each asks, in one of the ways there are, says what it thinks of the answer, and asks again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Accepted, ApiClient, Ended, Way } from './api-client.ts';

/** One request and what came of it, as its client saw it. Times are milliseconds of `performance.now`. */
export interface Asked {
  readonly n: number;
  readonly way: Way;
  /** It sends its request once only: where that breaks, nobody asks again. */
  readonly isImpatient: boolean;
  readonly key: string;
  readonly startedAt: number;
  accepted?: Accepted | undefined;
  ended?: Ended | undefined;
  /** When it had its answer, or gave up. */
  answeredAt?: number;
  feedbackId?: string | undefined;
  /** The API said that there is nothing to be had, with a status that no repetition mends. */
  refusal?: string;
}

export interface Load {
  readonly asked: readonly Asked[];
  /** Requests sent and not answered. */
  underWay(): number;
  /** Resolves when so many more have been answered. */
  answers(more: number): Promise<void>;
  /** Lets each client come to the end of what it is at. */
  stop(): Promise<void>;
}

const WAYS: readonly Way[] = ['json', 'stream', 'async'];
/** One in so many requests is an impatient one's. */
const IMPATIENT_EVERY = 10;
const LOOK_MS = 20;

export function startLoad(client: ApiClient, connections: number, name: string): Load {
  const asked: Asked[] = [];
  let isOver = false;
  const lane = async () => {
    while (!isOver) {
      const n = asked.length;
      const isImpatient = n % IMPATIENT_EVERY === IMPATIENT_EVERY - 1;
      const request = {
        n,
        isImpatient,
        way: WAYS[n % WAYS.length]!,
        key: `${name}-${n}`,
        startedAt: performance.now(),
      };
      asked.push(request);
      await converse(client, request);
    }
  };
  const lanes = Promise.all(Array.from({ length: connections }, lane));
  const answered = () => asked.filter(({ answeredAt }) => answeredAt !== undefined).length;
  return {
    asked,
    underWay: () => asked.length - answered(),
    async answers(more) {
      const before = answered();
      while (answered() < before + more) await delay(LOOK_MS);
    },
    async stop() {
      isOver = true;
      await lanes;
    },
  };
}

async function converse(client: ApiClient, asked: Asked): Promise<void> {
  const { n, key, isImpatient } = asked;
  try {
    asked.accepted = await client.ask(asked, isImpatient ? 1 : Number.POSITIVE_INFINITY);
    if (asked.accepted !== undefined) asked.ended = asked.accepted.ended ?? (await client.ended(asked.accepted.runId));
    asked.answeredAt = performance.now();
    if (asked.accepted !== undefined)
      asked.feedbackId = await client.say(asked.accepted.runId, { score: n, key: `of-${key}` });
  } catch (error) {
    asked.refusal = String(error);
    asked.answeredAt ??= performance.now();
  }
}
