/** All models by name, over the settings of this process; nothing is loaded or asked before a model is called. */
import { StepFailure } from '../boundary/failure.ts';
import { createCohereChat } from './cohere-chat.ts';
import { createCohereClient } from './cohere-client.ts';
import { createCohereEmbedder } from './cohere-embed.ts';
import { createCohereReranker } from './cohere-rerank.ts';
import { parseEmbeddingName } from './embedding-name.ts';
import type { LanguageModel } from './language-model.ts';
import { localExtractive, localLexical } from './local.ts';
import { parseModelName, unknownModel } from './model-name.ts';
import { createOpenAiChat } from './openai-chat.ts';
import { createOpenAiClient } from './openai-client.ts';
import { createOpenAiEmbedder } from './openai-embed.ts';
import type { Providers } from './providers.ts';
import type { Reranker } from './reranker.ts';
import { KEY_VARIABLES, type ProviderSettings, type Served, type ServedName } from './settings.ts';
import type { TextEmbedder } from './text-embedder.ts';

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
