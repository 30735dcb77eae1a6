/**
 * What a call costs. A price that nobody states is null and never 0, and so is the cost of anything that it would be
 * needed for: only what runs here is known to cost nothing.
 */

import { calcPrice } from '@pydantic/genai-prices';
import { type PriceRules, settingsFor } from '../model/limit-rules.ts';
import type { ModelName, Usage } from '../model/provider-call.ts';
import { readModelName } from './model-name.ts';

/** Dollars per million tokens, and per thousand search units. */
export type Price = CataloguedPrice;

const FREE: Price = Object.freeze({ input: 0, cachedInput: 0, output: 0, search: 0 });
const NONE: Price = Object.freeze({ input: null, cachedInput: null, output: null, search: null });
const MILLION = 1e6;

/**
 * @param name `openai/gpt-5-mini`
 * @param overrides the config's own prices; one that is set for a model replaces the catalogue's figure of that kind
 * @param at prices change: those of this moment
 * @returns null where neither config nor catalogue says anything
 */
export function priceOf(name: string, overrides: PriceRules = [], at: Date = new Date()): Price | null {
  const model = readModelName(name);
  if (model === undefined) return null;
  const { input, cached, output, search } = settingsFor(overrides, name);
  const isSet = [input, cached, output, search].some((figure) => figure !== undefined);
  const known = model.provider === 'local' ? FREE : cataloguedPrice(model, at);
  if (!isSet) return known;
  const base = known ?? NONE;
  // What is paid by search is not paid by token as well.
  const unpaid = search === undefined ? null : 0;
  return Object.freeze({
    // A configured price holds for every length, and cached input costs the same unless configured.
    input: input ?? base.input ?? unpaid,
    cachedInput: cached ?? (input === undefined ? base.cachedInput : null),
    output: output ?? base.output ?? unpaid,
    search: search ?? base.search,
  });
}

/** Dollars for a call's usage; null where part of it, or the price of part of it, is unknown. */
export function costOf(usage: Usage, price: Price | null): number | null {
  if (price === null) return null;
  const { inputTokens, outputTokens, cachedInputTokens = 0, searchUnits = price.search ? null : 0 } = usage;
  const isLong = price.long !== undefined && inputTokens !== null && inputTokens > price.long.aboveInputTokens;
  const rates = isLong ? price.long! : price;
  const cached = Math.min(cachedInputTokens, inputTokens ?? 0);
  const parts = [
    charge(inputTokens === null ? null : inputTokens - cached, rates.input, MILLION),
    charge(cached, rates.cachedInput ?? rates.input, MILLION),
    charge(outputTokens, rates.output, MILLION),
    charge(searchUnits, price.search, 1_000),
  ];
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0);
}

/** No usage costs 0 at any price; a free model costs 0 at any usage. */
function charge(amount: number | null, rate: number | null, per: number): number | null {
  if (amount === 0 || rate === 0) return 0;
  return amount === null || rate === null ? null : (amount * rate) / per;
}

// What is known of served models: what they cost and how much they read. It comes from `@pydantic/genai-prices`, which is
// kept up to date by its makers (of the npm packages compared it was the only one that has Cohere's models, cached input
// and prices by date and length: `docs/decisions/`); the few facts it lacks are listed here, each with its source.

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
function cataloguedPrice({ provider, model }: ModelName, at: Date): CataloguedPrice | null {
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
