/** Asks one pipeline or two at once, and follows what comes. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Json } from '../../../src/plan/plan.ts';
import { send, Trouble } from '../../api.ts';
import { type Answer, asking, broken, told } from './answer.ts';
import { readEvents } from './events.ts';

export interface Asked {
  readonly pipeline: string;
  readonly input: { readonly [name: string]: Json };
}

export function useAnswers() {
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const reading = useRef<AbortController>(undefined);

  const stop = useCallback(() => {
    reading.current?.abort();
    setAnswers((now) => now.map((answer) => (answer.phase === 'asking' ? { ...answer, phase: 'left' } : answer)));
  }, []);
  // Whoever leaves the screen reads no further.
  useEffect(() => () => reading.current?.abort(), []);

  const ask = useCallback((all: readonly Asked[], drafts: boolean) => {
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    setAnswers(all.map(({ pipeline }) => asking(pipeline)));
    for (const [place, asked] of all.entries()) {
      const change = (next: (answer: Answer) => Answer) => {
        if (controller.signal.aborted) return;
        setAnswers((now) => now.map((answer, at) => (at === place ? next(answer) : answer)));
      };
      void follow(asked, { drafts, signal: controller.signal, change });
    }
  }, []);

  return { answers, ask, stop };
}

interface Following {
  readonly drafts: boolean;
  readonly signal: AbortSignal;
  readonly change: (next: (answer: Answer) => Answer) => void;
}

async function follow({ pipeline, input }: Asked, { drafts, signal, change }: Following): Promise<void> {
  const from = performance.now();
  try {
    const response = await send(`/v1/pipelines/${encodeURIComponent(pipeline)}/runs`, {
      ...{ method: 'POST', body: { input, drafts }, headers: { accept: 'text/event-stream' }, signal },
    });
    for await (const event of readEvents(response)) {
      const ms = performance.now() - from;
      change((answer) => told(answer, event, ms));
    }
    change((answer) => (answer.phase === 'asking' ? broken(answer, 'the stream ended before the run did') : answer));
  } catch (error) {
    if (signal.aborted) return;
    change((answer) => {
      if (!(error instanceof Trouble)) return broken(answer, 'the stream broke');
      return { ...answer, phase: 'failed', trouble: { message: error.message, remedy: error.remedy } };
    });
  }
}
