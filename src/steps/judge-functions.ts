/** A verdict on an answer: by a served model and a rubric, or by words. */
import { z } from 'zod';
import { StepFailure } from '../boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { type Compared, compareByWords, type Graded, gradeByWords } from '../extractive/judge-by-words.ts';
import type { ConfigOf, InputOf } from '../index.ts';
import type { Passage } from '../model/step-schemas.ts';
import type { ChatRequest, LanguageModel, Providers } from '../models/providers.ts';
import { asDocument, callOf, cut, fitPassages, isLocal, marked, replyLimits, withoutMarks } from './model-input.ts';
import { fillPrompt } from './prompts.ts';
import { cannotScore } from './score-functions.ts';
import { judgeAnswer, judgePair } from './scoring-steps.ts';

type Input = InputOf<typeof judgeAnswer>;
type Context = StepContext<ConfigOf<typeof judgeAnswer>>;

const SCORES = Object.freeze({ correct: 1, partly: 0.5, wrong: 0 });
/** Of what a judge gives as its reason. */
const REASON_CHARACTERS = 2_000;

/** The reason comes first: a verdict that is written before it would be explained, not reached. */
const Reply = z.object({ reason: z.string(), verdict: z.enum(['correct', 'partly', 'wrong']) });

export function createJudgeAnswer(providers: Providers): Implemented {
  return implement(judgeAnswer, async (input, context) => {
    const { verdict, reason } = isLocal(context.config.model)
      ? byWords(input, context)
      : await byModel(providers, input, context);
    return {
      correct: verdict === 'correct',
      score: SCORES[verdict],
      verdict,
      reason: cut(reason, REASON_CHARACTERS),
    };
  });
}

function byWords({ answer, expected }: Input, { config }: Context): Graded {
  const graded = hasText(expected) ? gradeByWords(answer, expected, config) : undefined;
  if (graded === undefined) throw cannotScore('no_expected');
  return graded;
}

async function byModel(providers: Providers, { answer, ...input }: Input, context: Context): Promise<Graded> {
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
