/**
 * Models that answer what a test says and remember what they were asked: for the shape of prompts alone. How a provider
 * behaves, the stand-in server shows.
 */
import type {
  ChatRequest,
  LanguageModel,
  Providers,
  RerankRequest,
  Shape,
  TokenCount,
} from '../../src/models/providers.ts';

const NO_USAGE = { usage: { inputTokens: null, outputTokens: null } };

export interface Replies {
  /** Given piece by piece to whoever listens. */
  readonly text?: readonly string[];
  readonly data?: unknown;
  readonly results?: readonly { readonly index: number; readonly score: number }[];
  readonly contextTokens?: number;
}

export interface FakeProviders extends Providers {
  readonly asked: (ChatRequest & { readonly model: string; readonly shape?: string })[];
  readonly reranked: (RerankRequest & { readonly model: string })[];
}

/** Words are tokens. */
const countTokens = (text: string): TokenCount => ({ tokens: text.split(/\s+/).filter(Boolean).length, exact: true });

export function fakeProviders(replies: Replies = {}): FakeProviders {
  const asked: FakeProviders['asked'] = [];
  const reranked: FakeProviders['reranked'] = [];
  const languageModel = (model: string): LanguageModel => ({
    name: model,
    contextTokens: replies.contextTokens ?? null,
    countTokens,
    async writeText(request) {
      asked.push({ ...request, model });
      const pieces = replies.text ?? [];
      for (const piece of pieces) request.onText?.(piece);
      return { text: pieces.join(''), ...NO_USAGE };
    },
    async writeData<T>(request: ChatRequest, { name, schema }: Shape<T>) {
      asked.push({ ...request, model, shape: name });
      return { data: schema.parse(replies.data), ...NO_USAGE };
    },
  });
  return {
    asked,
    reranked,
    languageModel,
    reranker: (model) => ({
      name: model,
      async rerank(request) {
        reranked.push({ ...request, model });
        return { results: replies.results ?? [], ...NO_USAGE };
      },
    }),
    embedder: () => {
      throw new Error('no embedding is asked of a fake');
    },
  };
}

/** For steps configured with `local/*`: they ask nobody. */
export const noProviders: Providers = {
  languageModel: (name) => unasked(name),
  reranker: (name) => unasked(name),
  embedder: (name) => unasked(name),
};

function unasked(name: string): never {
  throw new Error(`'${name}' was asked for where nothing but local models should be`);
}
