/**
 * Looks at candidates more closely than a search can: by a served reranker, by a language model that is shown the list
 * and orders it, or by their words.
 */
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { rerankByWords } from '../extractive/rerank-by-words.ts';
import { placeName } from '../extractive/terms.ts';
import type { ConfigOf } from '../index.ts';
import type { Passage } from '../model/step-schemas.ts';
import type { Providers } from '../models/providers.ts';
import { distinct } from '../retrieval/fuse.ts';
import { callOf, isLocal, isReranker, replyLimits } from './model-input.ts';
import { rerank } from './model-steps.ts';
import { fillPrompt } from './prompts.ts';

type Context = StepContext<ConfigOf<typeof rerank>>;

export function createRerank(providers: Providers): Implemented {
  return implement(rerank, async ({ query, passages }, context) => {
    const { model, topN } = context.config;
    if (isLocal(model)) return { passages: rerankByWords(query, passages, topN) };
    const unique = distinct(passages);
    // Nothing to choose among: not worth a call.
    if (unique.length === 0) return { passages: [] };
    const order = isReranker(model) ? byReranker : byLanguageModel;
    return { passages: (await order(providers, query, unique, context)).slice(0, topN) };
  });
}

async function byReranker(providers: Providers, query: string, passages: readonly Passage[], context: Context) {
  const { model, topN } = context.config;
  const documents = passages.map((passage) => ({ text: passage.text, title: placeName(passage) }));
  const request = { query, documents, topN: Math.min(topN, passages.length) };
  const { results } = await providers.reranker(model).rerank(request, callOf(context));
  const scores = new Map(results.map(({ index, score }) => [index, score]));
  const chosen = orderBy(
    results.map(({ index }) => index),
    passages.length,
  );
  return chosen.map((index) => ({ ...passages[index]!, score: scores.get(index) ?? 0 }));
}

const Order = z.object({ order: z.array(z.number()) });

/** Listwise, in one call (Sun and others, "Is ChatGPT Good at Search?", EMNLP 2023). Scores are 1 / place. */
async function byLanguageModel(providers: Providers, query: string, passages: readonly Passage[], context: Context) {
  const { model, topN, maxShown, prompt } = context.config;
  const documents = passages
    .slice(0, maxShown)
    .map((passage, index) => ({ n: index + 1, text: passage.text, title: placeName(passage) }));
  const messages = [
    { role: 'system', content: fillPrompt(prompt, { topN: Math.min(topN, documents.length) }) },
    { role: 'user', content: `Query: ${query}` },
  ] as const;
  const { data } = await providers
    .languageModel(model)
    .writeData(
      { messages, documents, ...replyLimits(context.config) },
      { name: 'order', schema: Order },
      callOf(context),
    );
  const shown = data.order.map((n) => n - 1).filter((index) => index < documents.length);
  return orderBy(shown, passages.length).map((index, place) => ({ ...passages[index]!, score: 1 / (place + 1) }));
}

/** All of 0 to `count` − 1: first those named, each once, then the others as they were; what is no such number is dropped. */
function orderBy(named: readonly number[], count: number): readonly number[] {
  const indexes = Array.from({ length: count }, (_, index) => index);
  return [...new Set([...named.filter((index) => indexes.includes(index)), ...indexes])];
}
