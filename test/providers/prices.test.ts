import { describe, expect, it } from 'vitest';
import { PRICE_SETTINGS, type PriceRules, parseModelRules } from '../../src/model/limit-rules.ts';
import type { Usage } from '../../src/model/provider-call.ts';
import { costOf, priceOf } from '../../src/models/prices.ts';

const usage = (inputTokens: number | null, outputTokens: number | null, more: Partial<Usage> = {}): Usage => ({
  inputTokens,
  outputTokens,
  ...more,
});

const rules = (text: string): PriceRules => {
  const parsed = parseModelRules(text, PRICE_SETTINGS);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
};

const cost = (model: string, used: Usage, overrides = '') => costOf(used, priceOf(model, rules(overrides)));

describe('a price', () => {
  it('comes from the catalogue, also for a dated name', () => {
    expect(priceOf('openai/gpt-5-mini')).toEqual({ input: 0.25, cachedInput: 0.025, output: 2, search: null });
    expect(priceOf('openai/gpt-5-mini-2025-08-07')).toEqual(priceOf('openai/gpt-5-mini'));
    expect(priceOf('cohere/rerank-v3.5')).toMatchObject({ search: 2 });
    expect(priceOf('cohere/embed-v4.0')).toMatchObject({ input: 0.12 });
  });

  it('is null where nothing says, and 0 for what runs here', () => {
    expect(priceOf('openai/somebody-elses-model')).toBeNull();
    expect(priceOf('nobody/model')).toBeNull();
    expect(cost('local/extractive', usage(9_000, 900))).toBe(0);
    expect(cost('local/extractive', usage(null, null))).toBe(0);
  });

  it('is the one of the day', () => {
    const o3 = (day: string) => priceOf('openai/o3', [], new Date(day))?.input;
    expect([o3('2025-06-01'), o3('2025-07-01')]).toEqual([10, 2]);
  });

  it('may be set, whole names over beginnings of names', () => {
    const set = rules('openai/*:input=1,output=2; openai/ft:gpt-4o:acme:input=9');
    expect(priceOf('openai/somebody-elses-model', set)).toMatchObject({ input: 1, output: 2 });
    expect(priceOf('openai/ft:gpt-4o:acme', set)).toMatchObject({ input: 9, output: 2 });
    expect(priceOf('cohere/somebody-elses-reranker', rules('cohere/*:search=3'))).toMatchObject({ search: 3 });
  });

  it.each([
    ['openai/x', 'does not begin with a model such as openai/* and a colon'],
    ['openai/x:price=1', 'is not one of input, cached, output, search with a number'],
    ['openai/x:input=-1', 'is not one of'],
    ['openai/x:input=1=2', 'is not one of'],
    ['mistral/x:input=1', 'does not begin with a model'],
  ])('set as %s is refused', (text, problem) => {
    expect(parseModelRules(text, PRICE_SETTINGS)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('a cost', () => {
  it('counts cached input at its own rate', () => {
    const used = usage(1_000_000, 100_000, { cachedInputTokens: 400_000 });
    expect(cost('openai/gpt-5-mini', used)).toBeCloseTo(0.6 * 0.25 + 0.4 * 0.025 + 0.1 * 2, 12);
    expect(cost('openai/x', used, 'openai/x:input=1,output=1')).toBeCloseTo(1.1, 12);
  });

  it('takes the rates of long requests for the whole of one', () => {
    const price = priceOf('openai/gpt-5.4')!;
    const { aboveInputTokens, input, output } = price.long!;
    expect(input).toBe(2 * price.input!);
    expect(costOf(usage(aboveInputTokens, 10), price)).toBeCloseTo(
      (aboveInputTokens * price.input! + 10 * price.output!) / 1e6,
      12,
    );
    expect(costOf(usage(aboveInputTokens + 1, 10), price)).toBeCloseTo(
      ((aboveInputTokens + 1) * input! + 10 * output!) / 1e6,
      12,
    );
  });

  it('is by search for rerankers, and needs the number of searches', () => {
    expect(cost('cohere/rerank-v3.5', usage(null, null, { searchUnits: 3 }))).toBeCloseTo(0.006, 12);
    expect(cost('cohere/rerank-v3.5', usage(null, null))).toBeNull();
    expect(cost('cohere/mine', usage(null, null, { searchUnits: 2 }), 'cohere/mine:search=1')).toBeCloseTo(0.002, 12);
  });

  it('is null, never 0, where the price or the usage is unknown', () => {
    expect(cost('openai/somebody-elses-model', usage(10, 10))).toBeNull();
    expect(cost('openai/gpt-5-mini', usage(null, 10))).toBeNull();
    expect(cost('openai/gpt-5-mini', usage(10, null))).toBeNull();
    expect(cost('openai/x', usage(10, 10), 'openai/x:input=1')).toBeNull();
    expect(cost('openai/x', usage(10, 0), 'openai/x:input=1')).toBeCloseTo(0.00001, 12);
  });
});
