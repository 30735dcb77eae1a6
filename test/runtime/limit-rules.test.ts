import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { allowanceOf } from '../../src/model/limit-rules.ts';

const { limits } = readConfig({
  SLUICE_LIMITS: 'openai/*:rpm=60,tpm=90000,concurrency=8; openai/gpt-5*:rpm=20 ;cohere/rerank-v3.5:rpm=10',
});

describe('limits', () => {
  test.each([
    ['openai/gpt-4o', 'openai/*', { requestsPerMinute: 60, tokensPerMinute: 90_000, concurrency: 8 }],
    ['openai/gpt-5-mini', 'openai/gpt-5*', { requestsPerMinute: 20 }],
    ['cohere/rerank-v3.5', 'cohere/rerank-v3.5', { requestsPerMinute: 10 }],
    ['cohere/command-a', 'cohere/command-a', {}],
  ])('of %s are those of %s', (model, scope, allowance) => {
    expect(allowanceOf(limits, model)).toEqual({ scope, allowance });
  });

  test('of several with one pattern, the last counts', () => {
    const { limits } = readConfig({ SLUICE_LIMITS: 'openai/*:rpm=1;openai/*:tpm=5' });
    expect(allowanceOf(limits, 'openai/x').allowance).toEqual({ tokensPerMinute: 5 });
  });

  test('that make no sense are refused in words', () => {
    expect(() => readConfig({ SLUICE_LIMITS: 'openai/*:rpm=0' })).toThrow(
      'SLUICE_LIMITS: rpm of openai/* must be above 0: a model with none is never called',
    );
  });
});
