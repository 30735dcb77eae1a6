/**
 * The steps that scorers are made of: each looks at a finished run, and at what its example expects. In what they give,
 * numbers are scores from 0 to 1, booleans are verdicts, and texts say why. What cannot be scored fails for good, with a
 * code that says what was lacking (`no_relevant`, `no_expected`, ...): it is missing, never 0. Those that ask a language
 * model for a verdict are in `judge-steps.ts`.
 */
import { z } from 'zod';
import { defineStep } from '../index.ts';
import { Citation, LIST_LENGTH, Passage, PassageList } from '../model/step-schemas.ts';
import { backoff, maxOutputTokens, model, temperature, text } from './model-steps.ts';
import { CRITERIA, JUDGE_ANSWER, JUDGE_PAIR, prompt, VALIDATE, VERDICTS } from './prompts.ts';

/** Pure computation over one answer: quick, and the same each time. */
const pure = { attempts: 2, timeout: '10 seconds' } as const;

const score = z.number().min(0).max(1);
/** A reply may be longer than what a question may be. */
const answer = z.string().max(100_000);
/** What a good answer says. An example may lack it: then there is no score. */
const expected = text.optional();

/** Where passages stand is in their ids: nothing else of them is looked at. */
const places = z.array(Passage.pick({ id: true })).max(LIST_LENGTH);
/** Grades by passage or document id, as examples have them; above 0 is relevant. */
const relevant = z.record(z.string().max(1_024), z.number().min(0).max(100)).optional();
/**
 * `document`: passages count as the document that they are from, at the place of its first one, and a document's grade is
 * the highest that it or one of its passages has. `passage`: ids are compared as they are.
 */
const level = z.enum(['passage', 'document']).default('document');

/** How well a search ranked, in trec_eval's conventions. Fails as `no_relevant` where nothing has a grade above 0. */
export const scoreRanking = defineStep('scoreRanking', {
  version: 1,
  input: z.object({ passages: places, relevant }),
  output: z.object({
    /** The share of what is relevant that is among the first k. */
    recall: score,
    /** The share of k places that something relevant has: below 1 wherever fewer than k are relevant. */
    precision: score,
    /** Whether anything relevant is among the first k. */
    hit: z.boolean(),
    /** 1 / the place of the first relevant one; 0 behind k. */
    mrr: score,
    /** Average precision; its mean over examples is MAP. */
    ap: score,
    ndcg: score,
  }),
  config: z.object({
    /** Places that count, from the first. */
    k: z.int().min(1).max(LIST_LENGTH).default(10),
    level,
    /** nDCG only: what a grade is worth, the grade itself or 2^grade − 1. */
    gain: z.enum(['linear', 'exp']).default('linear'),
  }),
  effect: 'none',
  policy: pure,
});

/**
 * How much of the expected answer's wording an answer has: the same words in other meanings score high, the same meaning
 * in other words scores low. Marks of citations do not count. Fails as `no_expected` where nothing is expected.
 */
export const scoreAnswer = defineStep('scoreAnswer', {
  version: 1,
  input: z.object({
    answer,
    expected,
    /** Strings that the answer must contain, ignoring case and white space. */
    contains: z.array(z.string().max(1_000).regex(/\S/)).max(100).optional(),
  }),
  output: z.object({
    /** The same but for case, punctuation, articles and white space. */
    exact: z.boolean(),
    /** F1 over words (Rajpurkar and others, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", EMNLP 2016). */
    f1: score,
    /** The share of the required strings that it holds; where none is required, of the expected answer: all or nothing. */
    contains: score,
    /** F1 of the longest common sequence of words, articles among them (ROUGE-L, Lin 2004). */
    rougeL: score,
  }),
  effect: 'none',
  policy: pure,
});

/**
 * How near an answer is to the expected one in meaning, by their vectors. Fails as `no_expected` where nothing is expected,
 * and as `no_vector` where the model knows no word of what is.
 */
export const scoreSimilarity = defineStep('scoreSimilarity', {
  version: 1,
  input: z.object({ answer, expected }),
  output: z.object({
    /** The cosine. What points the other way is as unlike as can be: below 0 counts as 0, and so does an empty answer. */
    similarity: score,
  }),
  config: z.object({
    /** An embedding model: `local/lsa`, or a served one such as `openai/text-embedding-3-small`. */
    model: model('local/lsa'),
    /** `local/lsa` only: the index whose model is used, which knows the words of its passages. */
    index: z.string().min(1).default('ai-docs'),
    /** `local/lsa` only: a snapshot to stay with, by the beginning of its hash; else the newest. */
    snapshot: z.string().min(4).optional(),
  }),
  effect: 'read',
  policy: { attempts: 3, timeout: '20 seconds', backoff },
});

/**
 * Whether an answer cites what it should. Citing nothing where something is relevant scores 0 throughout, as a search does
 * that finds nothing. Fails as `no_relevant` where nothing has a grade above 0.
 */
export const scoreCitations = defineStep('scoreCitations', {
  version: 1,
  input: z.object({
    citations: z.array(Citation.pick({ passageId: true })).max(1_000),
    /** What the answer was written from. */
    passages: places,
    relevant,
  }),
  output: z.object({
    /** The share of what is cited that is relevant; a citation that does not resolve is of nothing relevant. */
    precision: score,
    /** The share of what is relevant that is cited. */
    recall: score,
    /** The share of citations whose passage is there. All of them count, however many. */
    resolved: score,
  }),
  config: z.object({
    level,
    /** Of `precision` and `recall`: what is cited first, up to so many, so that to cite everything is no way to high recall. */
    k: z.int().min(1).max(LIST_LENGTH).default(10),
  }),
  effect: 'none',
  policy: pure,
});

/**
 * How much of an answer is what its sources say: judged claim by claim by a served model, as `validate` does, or by words.
 * Fails as `not_answered` where there is no answer, and as `no_claims` where it says nothing that could be checked.
 */
export const scoreGroundedness = defineStep('scoreGroundedness', {
  version: 1,
  input: z.object({
    question: text,
    answer,
    citations: z.array(Citation).max(1_000),
    passages: PassageList,
    /** False where the bot declined: what it then says is no claim. */
    answered: z.boolean().optional(),
  }),
  output: z.object({
    /** The share of claims that what they cite supports. */
    supported: score,
    /** Whether all of them are. */
    grounded: z.boolean(),
    /** The claims that are not. */
    reason: text,
  }),
  config: z.object({
    model: model('local/lexical'),
    prompt: prompt(VALIDATE, []),
    temperature,
    maxOutputTokens: maxOutputTokens(4_000),
    /** `local/lexical` only: the share of a claim's words that what it cites must hold. */
    minimumSupport: score.default(0.75),
  }),
  effect: 'read',
  policy: { attempts: 3, timeout: '60 seconds', backoff },
});

/** Whether a bot answered what it could, and declined what it could not. */
export const scoreRefusal = defineStep('scoreRefusal', {
  version: 1,
  input: z.object({
    /** Whether it answered. */
    answered: z.boolean(),
    /** Whether the documents answer the question. */
    answerable: z.boolean(),
  }),
  output: z.object({
    correct: z.boolean(),
    declined: z.boolean(),
    wronglyDeclined: z.boolean(),
    wronglyAnswered: z.boolean(),
  }),
  effect: 'none',
  policy: pure,
});

// The steps that let a model judge answers. A judge has errors of its own: hold its verdicts against people's before they
// decide anything. `local/lexical` compares words and is no judge of meaning: it is there so that everything runs without
// a key.

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
