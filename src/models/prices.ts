/**
 * What a call costs. A price that nobody states is null and never 0, and so is the cost of anything that it would be
 * needed for: only what runs here is known to cost nothing.
 */
import { type PriceRules, settingsFor } from '../model/model-rules.ts';
import type { Usage } from '../model/provider-call.ts';
import { type CataloguedPrice, cataloguedPrice } from './catalogue.ts';
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
    // Whoever sets a price means it for every length, and cached input costs the same unless they say otherwise.
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

/** Nothing used costs nothing, whatever it would cost; and what is free is free, however much was used. */
function charge(amount: number | null, rate: number | null, per: number): number | null {
  if (amount === 0 || rate === 0) return 0;
  return amount === null || rate === null ? null : (amount * rate) / per;
}
