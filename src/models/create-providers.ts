/** All models by name, over the settings of this process; nothing is loaded or asked before a model is called. */

import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { StepFailure } from '../boundary/failure.ts';
import { answerByExcerpts } from '../extractive/answer-by-excerpts.ts';
import { rerankByWords } from '../extractive/rerank-by-words.ts';
import { sentencesOf } from '../extractive/units.ts';
import { tokenCounter } from './chat-request.ts';
import { createCohereChat, createCohereClient, createCohereEmbedder, createCohereReranker } from './cohere.ts';
import { parseEmbeddingName, parseModelName, unknownModel } from './model-name.ts';
import { createOpenAiChat, createOpenAiClient, createOpenAiEmbedder, explainOpenAi } from './openai.ts';
import { calling } from './provider-calling.ts';
import { KEY_VARIABLES, type ProviderSettings, type Served, type ServedName } from './provider-failures.ts';
import type { ChatRequest, LanguageModel, Providers, Reranker, TextEmbedder } from './providers.ts';

/** Models are remembered, so that each keeps its client and its connections; names come from configs, not from users. */
const KEPT_MODELS = 200;

export function createProviders(settings: ProviderSettings): Providers {
  const access = (provider: ServedName) => ({ key: keyOf(settings, provider), baseUrl: settings[provider].baseUrl });
  const openai = once(() => createOpenAiClient(access('openai')));
  const cohere = once(() => createCohereClient(access('cohere')));
  const served = ({ provider, model }: { provider: ServedName; model: string }): Served =>
    Object.freeze({ provider, model, ...access(provider) });

  return Object.freeze({
    languageModel: kept((name): LanguageModel => {
      const { provider, model } = parseModelName(name);
      if (provider === 'openai') return createOpenAiChat(served({ provider, model }), openai());
      if (provider === 'cohere') return createCohereChat(served({ provider, model }), cohere());
      return local(name, localExtractive);
    }),
    reranker: kept((name): Reranker => {
      const { provider, model } = parseModelName(name);
      if (provider === 'cohere') return createCohereReranker(served({ provider, model }), cohere());
      if (provider === 'openai')
        throw unknownModel(
          name,
          'OpenAI serves no rerankers: use cohere/rerank-v3.5 or local/lexical, or rank by a language model',
        );
      return local(name, localLexical);
    }),
    embedder: kept((name): TextEmbedder => {
      const parsed = parseEmbeddingName(name);
      if (parsed.provider === 'openai') return createOpenAiEmbedder(served(parsed), parsed, openai());
      return createCohereEmbedder(served(parsed), parsed, cohere());
    }),
  } satisfies Providers);
}

function keyOf(settings: ProviderSettings, provider: ServedName): Served['key'] {
  const { key } = settings[provider];
  if (key !== undefined) return key;
  const variable = KEY_VARIABLES[provider];
  throw new StepFailure('key_missing', {
    message: `models of ${provider} need a key, and ${variable} is not set`,
    remedy: `set ${variable}, or configure models of local/*`,
    retryable: false,
    data: { provider, variable },
  });
}

function local<T extends { readonly name: string }>(name: string, model: T): T {
  if (name === model.name) return model;
  throw unknownModel(name, `the local one is ${model.name}`);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A failure is not remembered. */
function kept<T>(make: (name: string) => T): (name: string) => T {
  const models = new Map<string, T>();
  return (name) => {
    const found = models.get(name);
    if (found !== undefined) return found;
    const made = make(name);
    if (models.size >= KEPT_MODELS) models.clear();
    models.set(name, made);
    return made;
  };
}

/** A draft of three quotations, some 110 words of prose about them. */
const LIMITS = Object.freeze({ maxWords: 110, maxPassages: 3, codeLines: 40 });

const countTokens = tokenCounter({ provider: 'local', model: 'extractive' });

/** Answers the last user message from the documents, in their own words. */
const localExtractive: LanguageModel = Object.freeze({
  name: 'local/extractive',
  contextTokens: null,
  countTokens,
  async writeText(request: ChatRequest, { signal }) {
    signal.throwIfAborted();
    const { messages, documents = [], onText } = request;
    const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
    const passages = documents.map(({ n, text, title, url }) => ({
      id: `${n}`,
      score: 0,
      text,
      ...(title !== undefined && { title }),
      ...(url !== undefined && { url }),
    }));
    const { text: quoted, citations } = answerByExcerpts(question, passages, '', LIMITS);
    // The excerpts are numbered as they are quoted; the documents have numbers of their own.
    const text = quoted.replace(/\[(\d+)\]/g, (mark, place) => {
      const cited = citations.find(({ n }) => n === Number(place));
      return cited === undefined ? mark : `[${cited.passageId}]`;
    });
    if (onText)
      for (const piece of piecesOf(text)) {
        onText(piece);
        await setImmediate();
        signal.throwIfAborted();
      }
    const read = [...messages.map(({ content }) => content), ...documents.map((document) => document.text)];
    const inputTokens = read.reduce((sum, each) => sum + countTokens(each).tokens, 0);
    return { text, usage: { inputTokens, outputTokens: countTokens(text).tokens } };
  },
  async writeData(_request, shape) {
    throw new StepFailure('structured_output_unsupported', {
      message: `local/extractive quotes passages: it cannot write data such as '${shape.name}'`,
      remedy: 'configure the step with a model of openai or cohere, or with its own local algorithm',
      retryable: false,
    });
  },
} satisfies LanguageModel);

/** Sentences with the white space after them: joined, they are the text. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const sentence of sentencesOf(text)) {
    const end = text.indexOf(sentence, from) + sentence.length;
    if (end < from + sentence.length) continue;
    pieces.push(text.slice(from, end));
    from = end;
  }
  return from < text.length ? [...pieces, text.slice(from)] : pieces;
}

const localLexical: Reranker = Object.freeze({
  name: 'local/lexical',
  async rerank({ query, documents, topN }, { signal }) {
    signal.throwIfAborted();
    const passages = documents.map(({ text, title }, place) => ({
      id: `${place}`,
      score: 0,
      text,
      ...(title !== undefined && { title }),
    }));
    const ranked = rerankByWords(query, passages, topN);
    return {
      results: ranked.map(({ id, score }) => ({ index: Number(id), score })),
      usage: { inputTokens: 0, outputTokens: 0 },
    };
  },
} satisfies Reranker);

/** Whether a provider answers this key: the cheapest call that shows it, a list of models or the embedding of one word. */
const COHERE_MODEL = 'embed-v4.0';

/**
 * @returns what the provider showed; undefined where there is no key to ask with
 * @throws StepFailure what a call would have met: `key_invalid`, `overloaded`, …
 */
export async function probeProvider(
  provider: ServedName,
  settings: ProviderSettings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { key, baseUrl } = settings[provider];
  if (key === undefined) return undefined;
  const idempotencyKey = `probe-${randomUUID()}`;
  const call = { runId: 'probe', key: provider, attempt: 1, idempotencyKey, signal, priority: 'serving' } as const;
  if (provider === 'openai') {
    const served = { provider, model: 'models', key, baseUrl };
    const load = createOpenAiClient(served);
    // Free, and known to compatible servers too under any model name.
    const list = async () => (await (await load()).models.list({ signal })).data.length;
    return `${await calling(served, call, list, explainOpenAi(served))} models`;
  }
  const served = { provider, model: COHERE_MODEL, key, baseUrl };
  const name = parseEmbeddingName(`${provider}/${COHERE_MODEL}`);
  await createCohereEmbedder(served, name, createCohereClient(served)).embed({ texts: ['ping'], as: 'query' }, call);
  return COHERE_MODEL;
}
