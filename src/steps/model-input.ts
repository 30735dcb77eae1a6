/** How the steps speak to models: which kind a name is, for whom a call is made, and what of a conversation goes along. */
import type { StepContext } from '../boundary/implement.ts';
import { placeName } from '../extractive/terms.ts';
import type { ProviderCall } from '../model/provider-call.ts';
import type { Passage, Turn } from '../model/step-schemas.ts';
import type { ChatDocument, ChatMessage, LanguageModel } from '../models/providers.ts';
import { distinct } from '../retrieval/fuse.ts';

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

/** What stands around a passage in a prompt, at most. */
const FRAME_TOKENS = 24;

export interface Fitting {
  readonly shown: readonly Passage[];
  readonly leftOut: readonly Passage[];
}

/** @param tokens for all of them together, by the model's own count or above it */
export function fitPassages(
  passages: readonly Passage[],
  tokens: number,
  model: Pick<LanguageModel, 'countTokens'>,
): Fitting {
  const unique = distinct(passages);
  let left = tokens;
  const end = unique.findIndex((passage) => {
    const { text, title = '', url = '' } = asDocument(passage, 0);
    left -= FRAME_TOKENS + model.countTokens(`${title}\n${url}\n${text}`).tokens;
    return left < 0;
  });
  const fitting = end === -1 ? unique.length : end;
  return { shown: unique.slice(0, fitting), leftOut: unique.slice(fitting) };
}

export function asDocument(passage: Passage, n: number): ChatDocument {
  const { text, url } = passage;
  return { n, text, title: placeName(passage), ...(url !== undefined && { url }) };
}

/** The text, or its beginning and an ellipsis. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters).toWellFormed()}…`;

/**
 * Texts of others as parts of a message: each stands between marks that no such text can contain, since `<` before a mark's
 * name is written `&lt;` there. So a text that ends itself and goes on as something else is still one text.
 */
const MARK = /<(?=\s*\/?\s*(?:question|reference|answer|documents?)\b)/gi;

/** @param n tells several of one name apart */
export function marked(name: 'question' | 'reference' | 'answer', text: string, n?: number): string {
  return `<${name}${n === undefined ? '' : ` n="${n}"`}>\n${withoutMarks(text)}\n</${name}>`;
}

export const withoutMarks = (text: string): string => text.replace(MARK, '&lt;');
