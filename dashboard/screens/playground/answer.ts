/** What is known of one answer while it comes, event by event. */

import type { RunResult } from '../../../src/client/run-result.ts';
import type { Json } from '../../../src/plan/plan.ts';
import type { RunEvent } from './events.ts';

/** `left`: nobody reads on here, and the run goes on. `broken`: the stream ended before the run did. */
export type Phase = 'asking' | 'answered' | 'failed' | 'left' | 'broken';

export interface Answer {
  readonly pipeline: string;
  readonly phase: Phase;
  readonly runId: string | null;
  /** Texts that may still be taken back, by node run. */
  readonly drafts: readonly { readonly key: string; readonly text: string }[];
  /** Drafts that were taken back. */
  readonly retracted: number;
  /** The recorded answer's text. */
  readonly text: string | null;
  readonly output: Json | undefined;
  /** Node runs that gave second best. */
  readonly degraded: readonly string[];
  readonly result: RunResult | null;
  /** What went wrong, and what to do. */
  readonly trouble: { readonly message: string; readonly remedy: string } | null;
  /** Until the first text, and until the end, as they were waited for here. */
  readonly firstTextMs: number | null;
  readonly waitedMs: number | null;
}

export const asking = (pipeline: string): Answer => ({
  ...{ pipeline, phase: 'asking', runId: null, drafts: [], retracted: 0, text: null, output: undefined },
  ...{ degraded: [], result: null, trouble: null, firstTextMs: null, waitedMs: null },
});

/** @param ms since it was asked */
export function told(answer: Answer, event: RunEvent, ms: number): Answer {
  switch (event.kind) {
    case 'run':
      return { ...answer, runId: event.runId };
    case 'token':
      return {
        ...answer,
        drafts: withText(answer.drafts, event.key, event.text),
        firstTextMs: answer.firstTextMs ?? ms,
      };
    case 'retract': {
      const drafts = answer.drafts.filter(({ key }) => key !== event.key);
      return { ...answer, drafts, retracted: answer.retracted + (answer.drafts.length - drafts.length) };
    }
    case 'accepted': {
      const { text, output } = event;
      return { ...answer, text, output, drafts: [], firstTextMs: answer.firstTextMs ?? (text === null ? null : ms) };
    }
    case 'degraded':
      return { ...answer, degraded: event.keys };
    case 'answer':
      return { ...answer, phase: 'answered', result: event.result, output: event.result.output, waitedMs: ms };
    case 'failed':
      return {
        ...{ ...answer, phase: 'failed', result: event.result, drafts: [], waitedMs: ms },
        trouble: {
          message: event.error?.message ?? `the run was ${event.result.outcome}`,
          remedy: 'open the run to see where it stopped',
        },
      };
    case 'broken':
      return broken(answer, event.message);
    default:
      return event satisfies never;
  }
}

export const broken = (answer: Answer, message: string): Answer => ({
  ...{ ...answer, phase: 'broken' },
  trouble: { message, remedy: 'the run goes on by itself: open it to see how it ended' },
});

function withText(drafts: Answer['drafts'], key: string, text: string): Answer['drafts'] {
  const known = drafts.find((draft) => draft.key === key);
  if (known === undefined) return [...drafts, { key, text }];
  return drafts.map((draft) => (draft === known ? { key, text: known.text + text } : draft));
}
