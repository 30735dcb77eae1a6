/** The functions of scoring steps: wording, citations, rankings, refusals, similarity, groundedness and judges. */
import { l as rougeL } from 'js-rouge';
import { z } from 'zod';
import { StepFailure } from '../boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import {
  type Compared,
  claimsOf,
  compareByWords,
  type Graded,
  gradeByWords,
  resolveCitations,
  supportOf,
  unsupportedText,
} from '../extractive/check-by-words.ts';
import { holds, withoutArticles, withoutCitations, wordF1, wordsInForm } from '../extractive/normal-form.ts';
import { documentOf } from '../extractive/terms.ts';
import type { ConfigOf, InputOf } from '../index.ts';
import type { Passage } from '../model/step-schemas.ts';
import type { ChatRequest, LanguageModel, Providers } from '../models/providers.ts';
import { createEmbedderOf } from '../models/served-embedders.ts';
import { cosine, type Vector } from '../retrieval/embedder.ts';
import type { TextSearch } from '../retrieval/search.ts';
import { rankMetrics } from '../stats/ranking.ts';
import { asDocument, callOf, cut, fitPassages, isLocal, marked, replyLimits, withoutMarks } from './model-input.ts';
import { fillPrompt } from './prompts.ts';
import {
  judgeAnswer,
  judgePair,
  scoreAnswer,
  scoreCitations,
  scoreGroundedness,
  scoreRanking,
  scoreRefusal,
  scoreSimilarity,
} from './scoring-steps.ts';
import { citedDocuments, judgeClaims, notSupported } from './validate.ts';

export const scoreAnswerLocal = implement(scoreAnswer, ({ answer, expected = '', contains = [] }) => {
  const said = withoutCitations(answer);
  const [saidWords, wantedWords] = [wordsInForm(said), wordsInForm(expected)];
  const [saidCore, wantedCore] = [withoutArticles(saidWords), withoutArticles(wantedWords)];
  if (wantedCore.length === 0) throw cannotScore('no_expected');
  const required = contains.length > 0 ? contains : [expected];
  return {
    exact: saidCore.join(' ') === wantedCore.join(' '),
    f1: wordF1(saidCore, wantedCore),
    contains: required.filter((each) => holds(said, each)).length / required.length,
    rougeL: longestCommon(saidWords, wantedWords),
  };
});

/** The library cuts texts into sentences and words of its own, unless it is given others; empty texts it refuses. */
const OWN_WORDS = { segmenter: (text: string) => [text], tokenizer: (text: string) => text.split(' ') };

const longestCommon = (said: readonly string[], wanted: readonly string[]): number =>
  said.length === 0 ? 0 : rougeL(said.join(' '), wanted.join(' '), OWN_WORDS);

/** What an answer cites against what is relevant. */
export const scoreCitationsLocal = implement(scoreCitations, ({ citations, passages, relevant }, { config }) => {
  const { level, k } = config;
  const grades = gradesAt(level, relevant);
  const known = new Set(passages.map(({ id }) => id));
  const resolved = citations.filter(({ passageId }) => known.has(passageId));
  const idsOf = (of: typeof citations) => new Set(of.map(({ passageId }) => idAt(level, passageId)));
  const found = idsOf(resolved);
  const counted = [...idsOf(citations)].slice(0, k);
  const isRelevant = (id: string) => Object.hasOwn(grades, id) && grades[id]! > 0;
  const hits = counted.filter((id) => found.has(id) && isRelevant(id)).length;
  return {
    precision: share(hits, counted.length),
    recall: share(hits, Object.keys(grades).filter(isRelevant).length),
    resolved: share(resolved.length, citations.length),
  };
});

const share = (part: number, all: number): number => (all === 0 ? 0 : part / all);

/** Ranked passages against what is relevant. */
export const scoreRankingLocal = implement(scoreRanking, ({ passages, relevant }, { config }) => {
  const { k, level, gain } = config;
  const grades = gradesAt(level, relevant);
  const scored = rankMetrics(
    passages.map(({ id }) => idAt(level, id)),
    grades,
    k,
    gain,
  );
  if (scored.status !== 'ok') throw unscored(scored.status, scored.why);
  const { recall, precision, hit, mrr, ap, ndcg } = scored;
  return { recall, precision, hit: hit === 1, mrr, ap, ndcg };
});

/** What the schemas let through, the statistics take: this says so should one of them change. */
function unscored(status: string, why: string): StepFailure {
  return new StepFailure(status, {
    message: `the ranking cannot be scored: ${why}`,
    remedy: 'correct the grades of the example, or k',
    retryable: false,
  });
}

/** Whether it was right to answer, or not to. */
export const scoreRefusalLocal = implement(scoreRefusal, ({ answered, answerable }) => ({
  correct: answered === answerable,
  declined: !answered,
  wronglyDeclined: answerable && !answered,
  wronglyAnswered: answered && !answerable,
}));

/** How near an answer is to the expected one, by their vectors: under an index's own model, or one that is served. */
export interface SimilarityDependencies {
  readonly providers: Providers;
  readonly textSearch: Pick<TextSearch, 'embed'>;
}

export function createScoreSimilarity(dependencies: SimilarityDependencies): Implemented {
  return implement(scoreSimilarity, async ({ answer, expected = '' }, context) => {
    if (expected.trim() === '') throw cannotScore('no_expected');
    const [said, wanted] = await embed(dependencies, [withoutCitations(answer), expected], context);
    if (wanted === undefined) throw cannotScore('no_vector');
    return { similarity: Math.min(1, Math.max(0, cosine(said, wanted))) };
  });
}

function embed(
  { providers, textSearch }: SimilarityDependencies,
  texts: readonly string[],
  context: StepContext<ConfigOf<typeof scoreSimilarity>>,
): Promise<readonly Vector[]> {
  const { model, index, snapshot } = context.config;
  const call = callOf(context);
  if (isLocal(model)) return textSearch.embed(index, texts, { model, snapshot, call });
  // A served model was fitted to nothing: its name says all.
  return createEmbedderOf(providers)(model).restore(model, new Uint8Array()).embedQueries(texts, call);
}

/** How much of an answer is what it cites: the claims that `validate` looks for, counted. */
type Input = InputOf<typeof scoreGroundedness>;
type Context = StepContext<ConfigOf<typeof scoreGroundedness>>;

interface Counted {
  readonly claims: number;
  /** What is wrong with those that are not supported, one text each. */
  readonly unsupported: readonly string[];
}

/** Claims named in the reason, at most. */
const MAX_NAMED = 8;

export function createScoreGroundedness(providers: Providers): Implemented {
  return implement(scoreGroundedness, async (input, context) => {
    if (input.answered === false) throw cannotScore('not_answered');
    if (input.answer.trim() === '') throw cannotScore('no_claims');
    const { claims, unsupported } = isLocal(context.config.model)
      ? byWords(input, context)
      : await byModel(providers, input, context);
    if (claims === 0) throw cannotScore('no_claims');
    return {
      supported: (claims - unsupported.length) / claims,
      grounded: unsupported.length === 0,
      reason: unsupported.slice(0, MAX_NAMED).join('\n'),
    };
  });
}

/** Sentences without a word that tells anything, such as 'Yes.', are no claims. */
function byWords({ answer, citations, passages }: Input, { config }: Context): Counted {
  const byNumber = resolveCitations(citations, passages);
  const claims = claimsOf(answer).filter(({ stems }) => stems.size > 0);
  const unsupported = claims.filter((claim) => supportOf(claim, byNumber) < config.minimumSupport);
  return { claims: claims.length, unsupported: unsupported.map(unsupportedText) };
}

async function byModel(providers: Providers, { question, answer, citations, passages }: Input, context: Context) {
  const documents = citedDocuments(citations, passages);
  // What rests on nothing needs no judge: as a whole it is one claim.
  if (documents.length === 0) return { claims: 1, unsupported: ['It cites no passage that there is.'] };
  const { claims } = await judgeClaims(providers, { question, answer, documents }, context);
  const unsupported = claims.filter(({ supported }) => !supported);
  return { claims: claims.length, unsupported: unsupported.map(notSupported) };
}

/** What is relevant, at the level at which it is looked for. */
export type Level = 'passage' | 'document';

/** Which id a passage counts as. */
const idAt = (level: Level, passageId: string): string => (level === 'document' ? documentOf(passageId) : passageId);

/**
 * Grades by such ids: of several that become one, the highest.
 *
 * @throws StepFailure `no_relevant` where none is above 0
 */
function gradesAt(level: Level, relevant: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const grades = new Map<string, number>();
  for (const [given, grade] of Object.entries(relevant)) {
    const id = idAt(level, given);
    grades.set(id, Math.max(grade, grades.get(id) ?? 0));
  }
  if (![...grades.values()].some((grade) => grade > 0)) throw cannotScore('no_relevant');
  return Object.fromEntries(grades);
}

/** How a scorer says that there is nothing to score: for good, and as an outcome to be expected. Such a score is missing, never 0. */
const MISSING = {
  no_relevant: {
    message: 'nothing is graded as relevant for this example, so it says nothing about what was found',
    remedy: 'give the example a grade above 0 in `relevant`, or leave it out of what this scorer is measured on',
  },
  no_expected: {
    message: 'the example says nothing of what is expected that the answer could be held against',
    remedy: 'give it an expected answer, or score it by a scorer that needs none',
  },
  no_claims: {
    message: 'the answer claims nothing that could be checked',
    remedy: 'nothing needs to be done unless it should: see the answer in its run',
  },
  not_answered: {
    message: 'the bot declined, so there is no answer whose claims could be checked',
    remedy: 'score whether it should have: scoreRefusal',
  },
  no_vector: {
    message: 'the embedding model knows no word of the expected answer',
    remedy: 'use the model of an index whose passages speak of it, or a served one',
  },
} as const;

function cannotScore(code: keyof typeof MISSING): StepFailure {
  return new StepFailure(code, { ...MISSING[code], retryable: false, benign: true });
}

// A verdict on an answer: by a served model and a rubric, or by words.

type JudgeInput = InputOf<typeof judgeAnswer>;
type JudgeContext = StepContext<ConfigOf<typeof judgeAnswer>>;

const SCORES = Object.freeze({ correct: 1, partly: 0.5, wrong: 0 });
/** Of what a judge gives as its reason. */
const REASON_CHARACTERS = 2_000;

/** The reason comes first: a verdict that is written before it would be explained, not reached. */
const Reply = z.object({ reason: z.string(), verdict: z.enum(['correct', 'partly', 'wrong']) });

export function createJudgeAnswer(providers: Providers): Implemented {
  return implement(judgeAnswer, async (input, context) => {
    const { verdict, reason } = isLocal(context.config.model)
      ? verdictByWords(input, context)
      : await verdictByModel(providers, input, context);
    return {
      correct: verdict === 'correct',
      score: SCORES[verdict],
      verdict,
      reason: cut(reason, REASON_CHARACTERS),
    };
  });
}

function verdictByWords({ answer, expected }: JudgeInput, { config }: JudgeContext): Graded {
  const graded = hasText(expected) ? gradeByWords(answer, expected, config) : undefined;
  if (graded === undefined) throw cannotScore('no_expected');
  return graded;
}

async function verdictByModel(
  providers: Providers,
  { answer, ...input }: JudgeInput,
  context: JudgeContext,
): Promise<Graded> {
  const { model: name, prompt, criteria, verdicts } = context.config;
  const meanings = Object.entries(verdicts).map(([verdict, meaning]) => `- ${verdict}: ${meaning}`);
  const system = fillPrompt(prompt, { criteria, verdicts: meanings.join('\n') });
  const model = providers.languageModel(name);
  const request = judgeRequest(system, { ...input, answers: [answer] }, context.config, model);
  // What says nothing needs no judge.
  if (!hasText(answer)) return { verdict: 'wrong', reason: 'The answer is empty.' };
  return (await model.writeData(request, { name: 'verdict', schema: Reply }, callOf(context))).data;
}

/** The better of two answers, in the order in which they are given: by a served model, or by words. */
type PairInput = InputOf<typeof judgePair>;
type PairContext = StepContext<ConfigOf<typeof judgePair>>;

const PairReply = z.object({ reason: z.string(), winner: z.enum(['first', 'second', 'tie']) });

export function createJudgePair(providers: Providers): Implemented {
  return implement(judgePair, async (input, context) => {
    const { winner, reason } = isLocal(context.config.model)
      ? pairByWords(input, context)
      : await pairByModel(providers, input, context);
    return { winner, reason: cut(reason, REASON_CHARACTERS) };
  });
}

function pairByWords({ first, second, expected }: PairInput, { config }: PairContext): Compared {
  if (!hasText(expected)) throw cannotScore('no_expected');
  return compareByWords(first, second, expected, config.margin);
}

async function pairByModel(
  providers: Providers,
  { first, second, ...input }: PairInput,
  context: PairContext,
): Promise<Compared> {
  const { model: name, prompt, criteria } = context.config;
  const model = providers.languageModel(name);
  const system = fillPrompt(prompt, { criteria });
  const request = judgeRequest(system, { ...input, answers: [first, second] }, context.config, model);
  // A judge that is told to find a difference finds one.
  if (first.trim() === second.trim()) return { winner: 'tie', reason: 'The two answers are the same.' };
  return (await model.writeData(request, { name: 'comparison', schema: PairReply }, callOf(context))).data;
}

/** What a served judge is shown: its rubric as the system's message, and everything that others wrote as material. */
interface Material {
  readonly question: string;
  readonly expected?: string | undefined;
  readonly passages?: readonly Passage[] | undefined;
  /** In the order in which they are shown. */
  readonly answers: readonly string[];
}

interface JudgeConfig {
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly temperature?: number | undefined;
}

const hasText = (text: string | undefined): text is string => text !== undefined && text.trim() !== '';

/** @throws StepFailure `no_expected`, or `context_too_long` where there are only passages and none of them fits */
function judgeRequest(
  system: string,
  { question, expected, passages = [], answers }: Material,
  config: JudgeConfig,
  model: LanguageModel,
): ChatRequest {
  const hasReference = hasText(expected);
  if (!hasReference && passages.length === 0) throw cannotScore('no_expected');
  const { shown } = fitPassages(passages, config.contextTokens, model);
  if (!hasReference && shown.length === 0) throw noRoom(model, config);
  const parts = [
    marked('question', question),
    ...(hasReference ? [marked('reference', expected)] : []),
    ...answers.map((answer, place) => marked('answer', answer, answers.length > 1 ? place + 1 : undefined)),
  ];
  return {
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: parts.join('\n\n') },
    ],
    documents: shown.map((passage, place) => {
      const document = asDocument(passage, place + 1);
      return { ...document, text: withoutMarks(document.text) };
    }),
    ...replyLimits(config),
  };
}

function noRoom({ name }: LanguageModel, { contextTokens }: JudgeConfig): StepFailure {
  return new StepFailure('context_too_long', {
    message: `not one passage fits into the ${contextTokens} tokens that ${name} is shown of them, and there is no expected answer`,
    remedy: 'raise contextTokens, or give the example an expected answer',
    retryable: false,
    data: { model: name, contextTokens },
  });
}
