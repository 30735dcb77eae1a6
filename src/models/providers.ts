/** Models by name, as steps ask for them: `providers.languageModel('openai/gpt-5-mini')`. */
import type { z } from 'zod';
import type { ProviderCall, Reply } from '../model/provider-call.ts';

export interface Providers {
  /** @throws StepFailure `model_unknown` where the name is none, `key_missing` naming the variable to set */
  languageModel(name: string): LanguageModel;
  reranker(name: string): Reranker;
  embedder(name: string): TextEmbedder;
}

/** A language model of any provider: one reply to a conversation, as text or as data of one shape. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A passage that the reply may rest on and cite as `[n]`. */
export interface ChatDocument {
  /** From 1. */
  readonly n: number;
  readonly text: string;
  readonly title?: string;
  readonly url?: string;
}

export interface ChatRequest {
  /** In order; `system` first, `user` last. */
  readonly messages: readonly ChatMessage[];
  /**
   * Rendered before the last user message by the adapters of served models (`render-documents.ts`); read as they are by
   * the local one.
   */
  readonly documents?: readonly ChatDocument[];
  /** The most that is paid for; a reply that is cut by it is a failed attempt. */
  readonly maxOutputTokens: number;
  /** 0 to 2. Left out: the provider's default, since some models take no other. */
  readonly temperature?: number;
  /** Called with each piece of text as it comes. Left out: the reply is not streamed. */
  readonly onText?: (text: string) => void;
}

export interface TextReply extends Reply {
  readonly text: string;
}

export interface DataReply<T> extends Reply {
  readonly data: T;
}

/** How many tokens a text has for this model: exactly where its tokenizer is known, else at most. */
export interface TokenCount {
  readonly tokens: number;
  readonly exact: boolean;
}

export interface LanguageModel {
  /** `openai/gpt-5-mini`. */
  readonly name: string;
  /** Tokens of prompt and reply together; null where no registry says. */
  readonly contextTokens: number | null;
  countTokens(text: string): TokenCount;
  /**
   * @throws StepFailure `rate_limited`, `overloaded`, `timeout`, `content_refused`, `context_too_long`, `key_invalid`,
   *   `output_malformed`, `model_unknown`, `request_invalid`; the signal's reason when it aborts
   */
  writeText(request: ChatRequest, call: ProviderCall): Promise<TextReply>;
  /**
   * A reply of the schema's shape: asked of the provider as a JSON Schema, and parsed here all the same.
   *
   * @param shape `name` is letters, digits, `_` and `-`; the schema an object
   * @throws as `writeText`; `output_malformed` (retryable) where the reply does not fit; `structured_output_unsupported`
   */
  writeData<T>(request: ChatRequest, shape: Shape<T>, call: ProviderCall): Promise<DataReply<T>>;
}

export interface Shape<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/** What a reranker must offer: how well each of some texts answers a query, on a scale of its own. */
export interface RerankRequest {
  readonly query: string;
  /** At most 100: a passage list's length. */
  readonly documents: readonly { readonly text: string; readonly title?: string }[];
  /** The most results that are wanted. */
  readonly topN: number;
}

export interface RerankReply extends Reply {
  /** Best first; `index` is the document's place in the request, each at most once. */
  readonly results: readonly { readonly index: number; readonly score: number }[];
}

export interface Reranker {
  /** `cohere/rerank-v3.5`. */
  readonly name: string;
  /** @throws StepFailure as `LanguageModel.writeText` */
  rerank(request: RerankRequest, call: ProviderCall): Promise<RerankReply>;
}

/**
 * What a served embedding model must offer: vectors of one length for texts. Which of the two kinds a text is matters to
 * some models. (`src/embedding` joins this with models that are fitted here.)
 */
export interface EmbedRequest {
  readonly texts: readonly string[];
  readonly as: 'passage' | 'query';
}

/** How long one call may take: a search from the command line and an ingest have no limit of their own. */
export const EMBED_LIMIT_MS = Object.freeze({ query: 20_000, passage: 60_000 });

export interface EmbedReply extends Reply {
  /** In the order of the texts. */
  readonly vectors: readonly Float32Array[];
}

export interface TextEmbedder {
  /** `openai/text-embedding-3-small`. */
  readonly name: string;
  readonly dimensions: number;
  /** Texts that one call may hold. */
  readonly batch: number;
  /** @throws StepFailure as `LanguageModel.writeText`; `timeout` at `EMBED_LIMIT_MS` */
  embed(request: EmbedRequest, call: ProviderCall): Promise<EmbedReply>;
}
