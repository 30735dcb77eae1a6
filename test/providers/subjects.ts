/** The adapters that the conformance suite runs on, each with what it can do. */

import { readConfig } from '../../src/config/config.ts';
import type { ProviderCall } from '../../src/model/provider-call.ts';
import { createProviders } from '../../src/models/create-providers.ts';
import type { Providers } from '../../src/models/providers.ts';
import type { RouteName, StandIn } from '../standin/stand-in.ts';

/** None begins as providers' own do, so that hiding one by its look alone is not enough. */
export const GOOD_KEY = 'k9-good-0123456789abcdefghij-Zq7';
export const BAD_KEY = 'k9-evil-9876543210jihgfedcba-Xw3';

export interface Subject {
  readonly name: 'openai' | 'cohere' | 'local';
  readonly languageModel: string;
  /** Where its chat calls arrive; absent: it calls nobody. */
  readonly chat?: RouteName;
  readonly reranker?: string;
  readonly rerank?: RouteName;
  readonly embedder?: string;
  readonly embed?: RouteName;
  readonly writesData: boolean;
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'openai',
    languageModel: 'openai/gpt-4.1-mini',
    chat: 'openai/chat',
    embedder: 'openai/text-embedding-3-small',
    embed: 'openai/embeddings',
    writesData: true,
  },
  {
    name: 'cohere',
    languageModel: 'cohere/command-a-03-2025',
    chat: 'cohere/chat',
    reranker: 'cohere/rerank-v3.5',
    rerank: 'cohere/rerank',
    embedder: 'cohere/embed-v4.0',
    embed: 'cohere/embed',
    writesData: true,
  },
  // Its embeddings are fitted to an index (`src/embedding`); it writes no data, and cannot fail for want of a server.
  { name: 'local', languageModel: 'local/extractive', reranker: 'local/lexical', writesData: false },
];

export const servedSubjects = SUBJECTS.filter(({ chat }) => chat !== undefined);

/** Over the environment, as a worker makes them. */
export function providersAt(
  { openaiUrl, cohereUrl }: Pick<StandIn, 'openaiUrl' | 'cohereUrl'>,
  key = GOOD_KEY,
): Providers {
  const { providers } = readConfig({
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: openaiUrl,
    CO_API_KEY: key,
    COHERE_BASE_URL: cohereUrl,
  });
  return createProviders(providers);
}

export function callOf(parts: Partial<ProviderCall> = {}): ProviderCall {
  return {
    runId: 'run-1',
    key: 'draft[1]',
    attempt: 1,
    idempotencyKey: 'run-1:draft[1]',
    signal: new AbortController().signal,
    priority: 'serving',
    ...parts,
  };
}

/** What a promise was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`it did not fail: ${JSON.stringify(outcome.value)}`);
}
