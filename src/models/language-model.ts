/** What a language model must offer, whoever serves it: one reply to a conversation, as text or as data of one shape. */
import type { z } from 'zod';
import type { ProviderCall, Reply } from '../model/provider-call.ts';

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
