/**
 * Which models there are and how much they read. Any name of a known family exists; others are `model_not_found`, as at
 * the providers. Lengths: https://platform.openai.com/docs/models and https://docs.cohere.com/docs/models.
 */
import type { RouteName } from './stand-in.ts';

interface Family {
  readonly pattern: RegExp;
  readonly routes: readonly RouteName[];
  readonly contextTokens: number;
  /** Length of its vectors. */
  readonly dimensions?: number;
  /** Reasoning models take no temperature but 1 and no `max_tokens`. */
  readonly reasoning?: boolean;
}

const families: readonly Family[] = [
  { pattern: /^gpt-5.*-chat/, routes: ['openai/chat'], contextTokens: 128_000 },
  { pattern: /^(gpt-5|o\d)/, routes: ['openai/chat'], contextTokens: 400_000, reasoning: true },
  { pattern: /^gpt-4\.1/, routes: ['openai/chat'], contextTokens: 1_047_576 },
  { pattern: /^(gpt-4o|chatgpt-)/, routes: ['openai/chat'], contextTokens: 128_000 },
  { pattern: /^gpt-3\.5/, routes: ['openai/chat'], contextTokens: 16_385 },
  {
    pattern: /^text-embedding-3-large/,
    routes: ['openai/embeddings'],
    contextTokens: 8_192,
    dimensions: 3072,
  },
  { pattern: /^text-embedding-/, routes: ['openai/embeddings'], contextTokens: 8_192, dimensions: 1536 },
  { pattern: /^command-a/, routes: ['cohere/chat'], contextTokens: 256_000 },
  { pattern: /^command-r/, routes: ['cohere/chat'], contextTokens: 128_000 },
  { pattern: /^embed-v4/, routes: ['cohere/embed'], contextTokens: 128_000, dimensions: 1536 },
  { pattern: /^embed-(english|multilingual)-light/, routes: ['cohere/embed'], contextTokens: 512, dimensions: 384 },
  { pattern: /^embed-(english|multilingual)/, routes: ['cohere/embed'], contextTokens: 512, dimensions: 1024 },
  { pattern: /^rerank-/, routes: ['cohere/rerank'], contextTokens: 4_096 },
];

/** What `GET /v1/models` lists. */
export const listedModels = ['gpt-4.1-mini', 'gpt-4o-mini', 'gpt-5-mini', 'text-embedding-3-small'] as const;

/** Null where the route has no model of that name. `own` are lengths given when the stand-in was started. */
export function findModel(
  route: RouteName,
  name: string,
  own: { readonly [model: string]: number },
): Omit<Family, 'pattern' | 'routes'> | null {
  const family = families.find((each) => each.routes.includes(route) && each.pattern.test(name)) ?? null;
  const contextTokens = own[name];
  if (contextTokens === undefined) {
    return family;
  }
  return { ...family, contextTokens };
}
