/**
 * The steps that let a model judge answers. A judge has errors of its own: hold its verdicts against people's before they
 * decide anything. `local/lexical` compares words and is no judge of meaning: it is there so that everything runs without
 * a key.
 */
import { z } from 'zod';
import { defineStep } from '../index.ts';
import { PassageList } from '../model/step-schemas.ts';
import { CRITERIA, JUDGE_ANSWER, JUDGE_PAIR, VERDICTS } from './judge-prompts.ts';
import { backoff, maxOutputTokens, model, temperature, text } from './model-steps.ts';
import { prompt } from './prompts.ts';
import { answer, expected, score } from './scoring-steps.ts';

/** A judge by words must be asked for by name: nobody should take it for one that understands. */
const judge = {
  model: model('local/lexical', 'openai/gpt-5-mini'),
  criteria: z.string().max(4_000).default(CRITERIA),
  /** Passages together: those that would exceed it are not shown, the last first. */
  contextTokens: z.int().min(100).max(1_000_000).default(8_000),
  temperature,
  maxOutputTokens: maxOutputTokens(4_000),
};
const judging = {
  effect: 'read',
  policy: { attempts: 3, timeout: '60 seconds', backoff },
} as const;
/** What the answer may draw on. Left out: the expected answer decides alone. */
const passages = PassageList.optional();
const meaning = z.string().min(1).max(500);
const VERDICT = z.enum(['correct', 'partly', 'wrong']);

/**
 * A verdict on one answer, by a rubric. Fails as `no_expected` where there is neither an expected answer nor a passage to
 * judge it by.
 */
export const judgeAnswer = defineStep('judgeAnswer', {
  ...judging,
  version: 1,
  input: z.object({ question: text, answer, expected, passages }),
  output: z.object({
    /** Whether the verdict is `correct`. */
    correct: z.boolean(),
    /** 1 for `correct`, 0.5 for `partly`, 0 for `wrong`. */
    score,
    verdict: VERDICT,
    /** Written before the verdict. */
    reason: text,
  }),
  config: z.object({
    ...judge,
    prompt: prompt(JUDGE_ANSWER, ['criteria', 'verdicts']),
    /** What each verdict means. */
    verdicts: z.object({ correct: meaning, partly: meaning, wrong: meaning }).default(VERDICTS),
    /**
     * `local/lexical` only: the share of the expected answer's telling words that a correct answer has, and one that is
     * partly so. Chosen, not fitted to anybody's verdicts.
     */
    minimumCorrect: score.default(0.7),
    minimumPartly: score.default(0.35),
  }),
});

/**
 * The better of two answers. A judge may prefer a place, so callers ask in both orders: what wins in both has won. Fails as
 * `judgeAnswer` does; two answers that are the same are a tie without asking.
 */
export const judgePair = defineStep('judgePair', {
  ...judging,
  version: 1,
  input: z.object({ question: text, first: answer, second: answer, expected, passages }),
  output: z.object({ winner: z.enum(['first', 'second', 'tie']), reason: text }),
  config: z.object({
    ...judge,
    prompt: prompt(JUDGE_PAIR, ['criteria']),
    /** `local/lexical` only: F1 over words that differ by no more are a tie. */
    margin: score.default(0.05),
  }),
});
