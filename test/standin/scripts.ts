/** Replies that a test has written in advance: a queue, of which each request takes the first that is meant for it. */
import type { Json } from '../../src/plan/plan.ts';
import { type FaultAsked, matchesAsked } from './faults.ts';
import type { BilledUsage } from './record.ts';
import type { ChatAsked, Match, Often } from './stand-in.ts';

/** One of `text`, `data`, `deltas` and `refusal` (chat), or `scores` (rerank); what is left out is made by the stand-in. */
export interface ReplyScript {
  readonly text?: string;
  /** Sent as its JSON text. */
  readonly data?: Json;
  /** A text in exactly these pieces, where it is streamed. */
  readonly deltas?: readonly string[];
  /** The model's own no: OpenAI's `refusal` field; Cohere has none and says it as its text. */
  readonly refusal?: string;
  /** Default `stop`, or `length` where the text is longer than the request allows. */
  readonly finish?: Finish;
  /** Counted unless said. */
  readonly usage?: Partial<BilledUsage>;
  /** Relevance of each document, in the request's order. */
  readonly scores?: readonly number[];
}

export type Finish = 'stop' | 'length' | 'content-filter' | 'error';

export type ReplyMaker = (asked: ChatAsked) => ReplyScript;

export interface Scripts {
  add(match: Match, script: ReplyScript | ReplyMaker, often: Often): void;
  /** Null where nothing is meant for the request. `chat` is null for routes that are no chat. */
  take(asked: FaultAsked, chat: ChatAsked | null): ReplyScript | null;
  clear(): void;
}

export function createScripts(): Scripts {
  const entries: { readonly match: Match; readonly script: ReplyScript | ReplyMaker; left: number; skip: number }[] =
    [];
  return {
    add(match, script, often) {
      const left = often.times === 'always' ? Infinity : (often.times ?? 1);
      entries.push({ match, script, left, skip: often.skip ?? 0 });
    },
    clear: () => void entries.splice(0),
    take(asked, chat) {
      for (const entry of entries) {
        if (entry.left <= 0 || !matchesAsked(entry.match, asked)) {
          continue;
        }
        if (entry.skip > 0) {
          entry.skip -= 1;
          continue;
        }
        if (typeof entry.script === 'function' && chat === null) {
          continue;
        }
        entry.left -= 1;
        return typeof entry.script === 'function' ? entry.script(chat as ChatAsked) : entry.script;
      }
      return null;
    },
  };
}
