/** Which claims of an answer are supported: by words, and by a judge that is a fake. */
import { describe, expect, test } from 'vitest';
import type { InputOf, Json } from '../../../src/index.ts';
import type { Passage } from '../../../src/model/step-schemas.ts';
import { createScoreGroundedness } from '../../../src/steps/score-functions.ts';
import { scoreGroundedness } from '../../../src/steps/scoring-steps.ts';
import { fakeProviders, noProviders } from '../../support/fake-providers.ts';
import { callStep } from '../call.ts';

const passages: readonly Passage[] = [
  { id: 'a#0', score: 1, title: 'Timeouts', text: 'A timeout ends the request. The default is 300 seconds.' },
  { id: 'b#0', score: 1, text: 'Streams can be cancelled with a signal.' },
];
const asked: InputOf<typeof scoreGroundedness> = {
  question: 'When does a request end?',
  answer: 'A timeout ends the request [1]. Streams cost nothing.\n\nYes. Signals cancel streams [2].',
  citations: [
    { n: 1, passageId: 'a#0' },
    { n: 2, passageId: 'b#0' },
  ],
  passages: [...passages],
};
const missing = (code: string) => ({ code, retryable: false, benign: true });

describe('by words', () => {
  const score = (more: Partial<typeof asked> = {}, config: { readonly [key: string]: Json } = {}) =>
    callStep(scoreGroundedness, createScoreGroundedness(noProviders), { ...asked, ...more }, config);

  test('the share of sentences that what their paragraph cites holds; those that claim nothing do not count', async () => {
    expect(await score()).toEqual({
      supported: 2 / 3,
      grounded: false,
      reason: 'What it cites does not say: “Streams cost nothing.”.',
    });
    expect(await score({ answer: 'A timeout ends the request [1].' })).toEqual({
      supported: 1,
      grounded: true,
      reason: '',
    });
  });

  test('how much of a sentence must be held is config', async () => {
    const half = { answer: 'The default costs money [1].' };
    expect((await score(half)).supported).toBe(0);
    expect((await score(half, { minimumSupport: 0.3 })).supported).toBe(1);
  });

  test('what cites nothing, or what is not there, is not supported', async () => {
    expect((await score({ answer: 'A timeout ends the request.' })).supported).toBe(0);
    expect((await score({ citations: [] })).supported).toBe(0);
  });

  test('no answer, or one without a claim, is no score', async () => {
    await expect(score({ answered: false })).rejects.toMatchObject(missing('not_answered'));
    for (const answer of ['', ' ', 'Yes.']) await expect(score({ answer })).rejects.toMatchObject(missing('no_claims'));
  });
});

describe('by a model', () => {
  const fine = { claim: 'A timeout ends the request', supported: true, problem: '' };
  const wrong = { claim: 'Streams cost nothing', supported: false, problem: 'No passage speaks of costs.' };
  async function score(claims: readonly object[], more: Partial<typeof asked> = {}) {
    const data = { claims, irrelevantCitations: [], answersQuestion: false, missing: 'all' };
    const providers = fakeProviders({ data });
    const step = createScoreGroundedness(providers);
    const config = { model: 'openai/gpt-5-mini' };
    return { asked: providers.asked, ...(await callStep(scoreGroundedness, step, { ...asked, ...more }, config)) };
  }

  test('it is asked what a draft’s check asks, and its claims are counted', async () => {
    const { asked: requests, ...scored } = await score([fine, wrong, fine, fine]);
    expect(scored).toEqual({
      supported: 0.75,
      grounded: false,
      reason: 'Not supported: “Streams cost nothing” No passage speaks of costs.',
    });
    expect(requests).toMatchObject([{ shape: 'verdict', documents: [{ n: 1 }, { n: 2 }] }]);
  });

  test('what rests on nothing is not put to it; a verdict without claims is no score', async () => {
    const { asked: requests, supported, grounded } = await score([fine], { citations: [{ n: 3, passageId: 'gone' }] });
    expect([requests, supported, grounded]).toEqual([[], 0, false]);
    await expect(score([])).rejects.toMatchObject(missing('no_claims'));
  });
});
