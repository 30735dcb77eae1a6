/**
 * Runs that began and give no answer. Clients of the protocol ask again by themselves after 408, 409, 429 and 5xx, and to ask
 * again is to pay again: so none of these is said when a run has begun, and where it cannot be helped (a server broke while
 * the run was waited for), `x-should-retry: false` tells those that heed it.
 */
import type { Context } from 'hono';
import { SluiceError } from '../../base/errors.ts';
import { messageWithoutPlace } from '../../base/server-failures.ts';
import type { RunResult } from '../../client/run-result.ts';
import { openAiError } from '../openai-error.ts';
import { problem } from '../problem.ts';

/** From here on, whatever is answered is about a run that is there. */
export function hasBegun(context: Context, runId: string): void {
  context.header('x-run-id', runId);
  context.header('x-should-retry', 'false');
}

interface NoAnswer {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly data: { readonly [key: string]: unknown };
}

const STATUS = 422;

export function noAnswer(context: Context, why: NoAnswer): Response {
  return problem(context, { ...why, status: STATUS, isOfRun: true });
}

/** In a stream it is an event with an `error` alone, which clients throw. */
export const noAnswerEvent = (why: NoAnswer) => ({ error: openAiError({ ...why, status: STATUS, isOfRun: true }) });

/** The run failed, or was cancelled. */
export function failedRun({ runId, outcome, error }: RunResult): NoAnswer {
  const why = error === null ? '' : `: ${error.message}`;
  return {
    code: outcome === 'cancelled' ? 'run_cancelled' : 'run_failed',
    detail: outcome === 'cancelled' ? `the run was cancelled${why}` : `the run failed${why}`,
    remedy: `see GET /v1/runs/${runId}`,
    data: { runId, failure: error },
  };
}

/** It takes longer than is waited for. */
export const unfinishedRun = (runId: string, waitMs: number): NoAnswer => ({
  code: 'run_unfinished',
  detail: `the run takes longer than the ${waitMs} ms that are waited for, and goes on`,
  remedy: `get its answer by GET /v1/runs/${runId}; a stream waits to the end`,
  data: { runId },
});

/** What was deployed under the name has an output without a text, whatever the code has. */
export const wordlessRun = (runId: string): NoAnswer => ({
  code: 'run_wordless',
  detail: 'the run has an output, and no text in it to answer with',
  remedy: `get the output by GET /v1/runs/${runId}`,
  data: { runId },
});

/** For an error that broke a stream: what nobody meant to throw is told to the log alone. */
export function brokenStream(error: unknown, runId: string) {
  const detail = error instanceof SluiceError ? messageWithoutPlace(error) : 'the stream broke';
  const code = error instanceof SluiceError ? error.code : 'internal';
  return { error: openAiError({ status: 500, code, detail, remedy: `get the answer by GET /v1/runs/${runId}` }) };
}
