/**
 * What a stand-in can be told and asked, whether it runs in the test's own process (`start.ts`) or in another one
 * (`connect.ts`). It speaks the HTTP of OpenAI and of Cohere, so that adapters are tested through the official SDKs.
 */
import type { Json } from '../../src/plan/plan.ts';
import type { Fault } from './faults.ts';
import type { Limit } from './limits.ts';
import type { Billed, Prices, RequestSeen } from './record.ts';
import type { ReplyScript } from './scripts.ts';

export const routeNames = [
  'openai/chat',
  'openai/embeddings',
  'openai/models',
  'cohere/chat',
  'cohere/embed',
  'cohere/rerank',
] as const;

export type RouteName = (typeof routeNames)[number];

/** Which requests something is meant for. What is left out matches everything. */
export interface Match {
  /** A route, or all of a provider's: `openai/*`. */
  readonly route?: RouteName | 'openai/*' | 'cohere/*';
  readonly model?: string;
  /** A piece of any message, text or document of the request. */
  readonly contains?: string;
  /** The name of the JSON Schema asked for (Cohere has none: the schema's `title`). */
  readonly schema?: string;
}

/** How often something is done: 1 unless said. `skip` lets that many matching requests pass first. */
export interface Often {
  readonly times?: number | 'always';
  readonly skip?: number;
}

export interface FaultWhen extends Match, Often {
  /** The chance that a matching request meets it (then `times` counts those that did). Seeded by `StandInOptions.seed`. */
  readonly probability?: number;
}

export interface StandInOptions {
  /** 0 (default) takes a free one. */
  readonly port?: number;
  readonly seed?: number;
  /** The only keys accepted. Left out: every key but `invalid-key`. */
  readonly keys?: readonly string[];
  /** Context lengths, by model, beside those of `models.ts`. */
  readonly contextTokens?: { readonly [model: string]: number };
}

export interface StandIn {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** For `OPENAI_BASE_URL`. */
  readonly openaiUrl: string;
  /** For `COHERE_BASE_URL`. */
  readonly cohereUrl: string;
  /** Queues a reply; the first unused one that matches is given. Without one the stand-in answers by itself. */
  reply(match: Match, script: ReplyScript, often?: Often): Promise<void>;
  /** Faults are drawn in the order in which they were given; a request meets at most one. */
  fault(fault: Fault, when?: FaultWhen): Promise<void>;
  /** Enforces a limit: what goes over it is answered 429 and recorded as `refusedByLimit`. */
  limit(match: Pick<Match, 'route' | 'model'>, limit: Limit): Promise<void>;
  /** In order of arrival. */
  requests(match?: Match): Promise<readonly RequestSeen[]>;
  /** Resolves with the requests as soon as `test` holds for them. @throws Error after `withinMs` (default 60 s) */
  until(test: (requests: readonly RequestSeen[]) => boolean, withinMs?: number): Promise<readonly RequestSeen[]>;
  /** What the provider would charge; `usd` is null where a price is missing. */
  billed(prices?: Prices, match?: Match): Promise<Billed>;
  /** Forgets replies, faults, limits and requests, and closes what hangs. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** What an answering function is given of a chat request. */
export interface ChatAsked {
  readonly route: RouteName;
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly schema: { readonly name: string; readonly schema: { readonly [key: string]: Json } } | null;
  /** Cohere's `documents`, in its order. */
  readonly documents: readonly string[];
}
