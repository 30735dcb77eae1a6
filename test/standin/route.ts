/** What every route has: it reads a request's body, or refuses it, and then answers it. */
import type { Json } from '../../src/plan/plan.ts';
import type { Fault, FaultAsked } from './faults.ts';
import type { BilledUsage } from './record.ts';
import type { ReplyScript } from './scripts.ts';
import type { ChatAsked, RouteName } from './stand-in.ts';

export interface Route {
  readonly name: RouteName;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** `own` are the context lengths given at the start. */
  read(body: Json, own: { readonly [model: string]: number }): Asked | Refusal;
}

export interface Refusal {
  readonly kind: 'refusal';
  readonly status: number;
  readonly body: Json;
  readonly headers?: { readonly [name: string]: string };
}

export interface Asked extends FaultAsked {
  readonly kind: 'asked';
  readonly streamed: boolean;
  readonly chat: ChatAsked | null;
  /** What a limiter charges for it. */
  readonly tokens: number;
  answer(script: ReplyScript | null, fault: Fault | null): Answer;
}

export type Answer =
  | { readonly kind: 'json'; readonly body: Json; readonly billed: BilledUsage }
  | { readonly kind: 'stream'; readonly frames: readonly Frame[]; readonly billed: BilledUsage };

/** A piece of an event stream. */
export interface Frame {
  /** As it goes over the wire, with its blank line. */
  readonly wire: string;
  /** The beginning, a piece of the text, or what says that it is complete. */
  readonly part: 'start' | 'text' | 'end';
  /** The text in it: empty for the others. */
  readonly piece: string;
  /** Whether it tells the usage. */
  readonly usage: boolean;
}
