/**
 * What is known of served models: what they cost and how much they read. It comes from `@pydantic/genai-prices`, which is
 * kept up to date by its makers (of the npm packages compared it was the only one that has Cohere's models, cached input
 * and prices by date and length: `docs/decisions/`); the few facts it lacks are listed here, each with its source.
 */
import { calcPrice } from '@pydantic/genai-prices';
import type { ModelName } from '../model/provider-call.ts';

/** Dollars per million tokens. Null where nothing says. */
export interface TokenRates {
  readonly input: number | null;
  /** Of input that the provider had already; null: as other input. */
  readonly cachedInput: number | null;
  readonly output: number | null;
}

export interface CataloguedPrice extends TokenRates {
  /** Dollars per thousand search units, for rerankers. */
  readonly search: number | null;
  /** The rates of a whole request whose input is longer than this. */
  readonly long?: TokenRates & { readonly aboveInputTokens: number };
}

/** cohere.com/pricing: one search unit is a query with up to 100 documents. */
const SEARCH_USD_PER_THOUSAND: { readonly [model: string]: number } = {
  'cohere/rerank-v3.5': 2,
  'cohere/rerank-english-v3.0': 2,
  'cohere/rerank-multilingual-v3.0': 2,
  'cohere/rerank-v4.0-fast': 2,
  'cohere/rerank-v4.0-pro': 2.5,
};

/** docs.cohere.com/docs/models */
const CONTEXT_TOKENS: { readonly [model: string]: number } = {
  'cohere/command-a-03-2025': 256_000,
  'cohere/command-r-08-2024': 128_000,
  'cohere/command-r-plus-08-2024': 128_000,
  'cohere/command-r7b-12-2024': 128_000,
};

/** What a model costs at a time; null where the catalogue does not have it. */
export function cataloguedPrice({ provider, model }: ModelName, at: Date): CataloguedPrice | null {
  const search = SEARCH_USD_PER_THOUSAND[`${provider}/${model}`];
  if (search !== undefined) return Object.freeze({ input: 0, cachedInput: 0, output: 0, search });
  const found = lookUp({ provider, model }, at)?.model_price;
  if (found === undefined) return null;
  const { input_mtok: input, cache_read_mtok: cachedInput, output_mtok: output } = found;
  const rates = { input, cachedInput, output };
  const tiers = Object.values(rates).flatMap((rate) => (isTiered(rate) ? rate.tiers : []));
  const base: CataloguedPrice = { ...ratesOf(rates, (rate) => rate.base), search: null };
  const [start, ...more] = new Set(tiers.map((tier) => tier.start));
  if (start === undefined) return Object.freeze(base);
  // With several steps one figure would be right for some lengths only: unknown, rather than wrong.
  if (more.length > 0) return null;
  const long = { ...ratesOf(rates, (rate) => rate.tiers[0]?.price ?? rate.base), aboveInputTokens: start };
  return Object.freeze({ ...base, long: Object.freeze(long) });
}

/** Tokens of prompt and reply together; null where nothing says. */
export function contextTokensOf({ provider, model }: ModelName): number | null {
  return (
    CONTEXT_TOKENS[`${provider}/${model}`] ?? lookUp({ provider, model }, new Date())?.model.context_window ?? null
  );
}

type Rate = number | { readonly base: number; readonly tiers: readonly { start: number; price: number }[] } | undefined;
type Tiered = Exclude<Rate, number | undefined>;

const isTiered = (rate: Rate): rate is Tiered => typeof rate === 'object';

function ratesOf(rates: { readonly [name in keyof TokenRates]: Rate }, choose: (rate: Tiered) => number): TokenRates {
  const rateOf = (rate: Rate): number | null => (isTiered(rate) ? choose(rate) : (rate ?? null));
  return {
    input: rateOf(rates.input),
    cachedInput: rateOf(rates.cachedInput),
    output: rateOf(rates.output),
  };
}

function lookUp({ provider, model }: ModelName, timestamp: Date): ReturnType<typeof calcPrice> {
  return calcPrice({}, model, { providerId: provider, timestamp });
}
