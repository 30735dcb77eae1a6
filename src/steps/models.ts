/** How the steps speak to models: which kind a name is, for whom a call is made, and what of a conversation goes along. */

import type { StepContext } from '../boundary/implement.ts';
import type { ProviderCall } from '../model/provider-call.ts';
import type { Turn } from '../model/step-schemas.ts';
import type { ChatMessage, LanguageModel } from '../models/language-model.ts';

/** `local/...`: an algorithm of this project, which needs no provider. */
export const isLocal = (model: string): boolean => model.startsWith('local/');

/** `cohere/rerank-v3.5`: any served model whose own name begins so; the others are language models. */
export const isReranker = (model: string): boolean => /^[^/]+\/(?:.*\/)?rerank[^/]*$/.test(model);

/** The attempt that a step is in, as a provider's call needs it. */
export function callOf(context: StepContext<unknown>): ProviderCall {
  const { runId, key, attempt, idempotencyKey, signal, priority } = context;
  return { runId, key, attempt, idempotencyKey, signal, priority };
}

/** What a step's config says of a reply, for the request. */
export function replyLimits(config: { readonly maxOutputTokens: number; readonly temperature?: number | undefined }) {
  const { maxOutputTokens, temperature } = config;
  return { maxOutputTokens, ...(temperature !== undefined && { temperature }) };
}

/** The last turns that fit, each whole and in its own role, in their order. */
export function recentTurns(
  history: readonly Turn[],
  most: number,
  model: Pick<LanguageModel, 'countTokens'>,
): readonly ChatMessage[] {
  let left = most;
  const start = history.findLastIndex(({ content }) => {
    left -= model.countTokens(content).tokens;
    return left < 0;
  });
  return history.slice(start + 1).map(({ role, content }) => ({ role, content }));
}
