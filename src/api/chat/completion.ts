/** What is answered in OpenAI's protocol: a completion, or the chunks of one; with what it does not know in `sluice`. */
import type { Context } from 'hono';
import { SluiceError } from '../../base/errors.ts';
import { messageWithoutPlace } from '../../base/server-failures.ts';
import type { RunResult } from '../../client/run-result.ts';
import type { ChatCompletion, ChatCompletionChunk } from '../../contract/chat.ts';
import type { Json } from '../../plan/plan.ts';
import { openAiError, problem } from '../problem.ts';

/** What all chunks of one completion share. */
export interface Named {
  readonly runId: string;
  readonly planId: string;
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
}

const head = ({ runId, planId, model, created }: Named) => ({
  ...{ id: `chatcmpl-${runId}`, created, model },
  system_fingerprint: planId,
});

export function completionOf(name: Named, content: string, result: RunResult): ChatCompletion {
  return {
    ...head(name),
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop', logprobs: null },
    ],
    usage: usageOf(result),
    sluice: sluiceOf(result),
  };
}

/** The chunks of one completion. */
export interface Chunks {
  begin(): ChatCompletionChunk;
  text(content: string): ChatCompletionChunk;
  end(result: RunResult): ChatCompletionChunk;
  usage(result: RunResult): ChatCompletionChunk;
}

/** @param wantsUsage `stream_options.include_usage`: then `usage` is in every chunk, and null until the last */
export function createChunks(name: Named, wantsUsage: boolean): Chunks {
  type Choice = ChatCompletionChunk['choices'][number];
  const chunk = (delta: Choice['delta'], finish_reason: Choice['finish_reason'] = null): ChatCompletionChunk => ({
    ...head(name),
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
    ...(wantsUsage && { usage: null }),
  });
  return Object.freeze({
    begin: () => chunk({ role: 'assistant', content: '' }),
    text: (content: string) => chunk({ content }),
    end: (result: RunResult) => ({ ...chunk({}, 'stop'), sluice: sluiceOf(result) }),
    usage: (result: RunResult) => ({ ...chunk({}), choices: [], usage: usageOf(result) }),
  });
}

/** Characters of one chunk, at most. */
const PIECE = /.{1,200}(?:\s|$)|.{1,200}/gsu;

/** A text in pieces that end with words where they can, and never within a character. */
export const piecesOf = (text: string): readonly string[] => text.match(PIECE) ?? [];

const usageOf = ({ inputTokens, outputTokens }: RunResult) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

function sluiceOf({ runId, planId, arms, degraded, output, temporalUrl }: RunResult) {
  const citations = citationsOf(output);
  return { runId, planId, arms, degraded, ...(citations !== undefined && { citations }), temporalUrl };
}

const citationsOf = (output: Json): Json | undefined =>
  output !== null && typeof output === 'object' && !Array.isArray(output) && 'citations' in output
    ? (output as { readonly citations?: Json }).citations
    : undefined;

// Runs that began and give no answer. Clients of the protocol ask again by themselves after 408, 409, 429 and 5xx, and to ask
// again is to pay again: so none of these is said when a run has begun, and where it cannot be helped (a server broke while
// the run was waited for), `x-should-retry: false` tells those that heed it.

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
