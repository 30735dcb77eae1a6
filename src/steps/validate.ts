/**
 * Checks an answer against what it cites: a served model judges each claim, or its words are compared. What is wrong is
 * said in a way that the next draft can use. Where the judge cannot be asked the step fails, which is not the same as a
 * wrong answer: pipelines name a fallback for it.
 */

import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../boundary/implement.ts';
import { checkByWords } from '../extractive/check-by-words.ts';
import type { ConfigOf, InputOf, OutputOf } from '../index.ts';
import type { Citation, Passage } from '../model/step-schemas.ts';
import type { ChatDocument, Providers } from '../models/providers.ts';
import { asDocument, callOf, cut, isLocal, replyLimits } from './model-input.ts';
import { validate } from './model-steps.ts';
import { fillPrompt } from './prompts.ts';

type Input = InputOf<typeof validate>;
type Checked = OutputOf<typeof validate>;
type Context = StepContext<ConfigOf<typeof validate>>;

/** Problems named in the feedback, at most. */
const MAX_PROBLEMS = 8;

export function createValidate(providers: Providers): Implemented {
  return implement(validate, ({ question, answer, passages }, context) => {
    // Saying that there is no answer makes no claim.
    if (!answer.answered) return { passed: true, answered: false, score: 0, feedback: '' };
    return isLocal(context.config.model)
      ? checkByWords(question, answer, passages, context.config)
      : byModel(providers, { question, answer, passages }, context);
  });
}

async function byModel(providers: Providers, { question, answer, passages }: Input, context: Context) {
  const { minimumSupport } = context.config;
  const documents = citedDocuments(answer.citations, passages);
  const numbers = new Set(documents.map(({ n }) => n));
  const asked = citationProblems(answer, numbers);
  // What rests on nothing needs no judge.
  if (documents.length === 0) return verdictOf(undefined, asked, minimumSupport);
  const verdict = await judgeClaims(providers, { question, answer: answer.text, documents }, context);
  const irrelevantCitations = [...new Set(verdict.irrelevantCitations)].filter((n) => numbers.has(n));
  return verdictOf({ ...verdict, irrelevantCitations }, asked, minimumSupport);
}

/** What is wrong with the citations as such: seen without any judgement. */
function citationProblems({ citations, unknownCitations }: Input['answer'], found: ReadonlySet<number>): string[] {
  const lost = citations.map(({ n }) => n).filter((n) => !found.has(n));
  return [
    ...[...lost, ...unknownCitations].map((n) => `There is no passage [${n}].`),
    ...(found.size === 0 ? ['It cites no passage: each sentence needs the number of one that says so.'] : []),
  ];
}

function verdictOf(verdict: ClaimsVerdict | undefined, citing: readonly string[], minimumSupport: number): Checked {
  const { claims = [], irrelevantCitations = [], answersQuestion = false, missing = '' } = verdict ?? {};
  const unsupported = claims.filter(({ supported }) => !supported);
  const problems = [
    ...citing,
    ...unsupported.map(notSupported),
    ...irrelevantCitations.map((n) => `Passage [${n}] has nothing to do with what cites it.`),
    ...(verdict && !answersQuestion
      ? [`It does not answer the question. ${cut(missing, SHOWN_CHARACTERS)}`.trim()]
      : []),
    ...(verdict && claims.length === 0 ? ['It claims nothing that could be checked.'] : []),
  ];
  const score = claims.length === 0 ? 0 : 1 - unsupported.length / claims.length;
  return {
    passed: problems.length === 0,
    answered: answersQuestion && claims.length > 0 && score >= minimumSupport,
    score,
    feedback: problems.slice(0, MAX_PROBLEMS).join('\n'),
  };
}

/** Of what a judge says of one claim. */
const SHOWN_CHARACTERS = 300;

const Verdict = z.object({
  claims: z.array(z.object({ claim: z.string(), supported: z.boolean(), problem: z.string() })),
  irrelevantCitations: z.array(z.number()),
  answersQuestion: z.boolean(),
  missing: z.string(),
});
export type ClaimsVerdict = z.output<typeof Verdict>;

interface JudgeConfig {
  readonly model: string;
  readonly prompt: string;
  readonly maxOutputTokens: number;
  readonly temperature?: number | undefined;
}

export interface AnswerToJudge {
  readonly question: string;
  readonly answer: string;
  /** Those that it cites. */
  readonly documents: readonly ChatDocument[];
}

/** @throws StepFailure as `LanguageModel.writeData` */
export async function judgeClaims(
  providers: Providers,
  { question, answer, documents }: AnswerToJudge,
  context: StepContext<JudgeConfig>,
): Promise<ClaimsVerdict> {
  const { model, prompt } = context.config;
  const messages = [
    { role: 'system', content: fillPrompt(prompt, {}) },
    { role: 'user', content: `Question: ${question}\n\nAnswer to check:\n${answer}` },
  ] as const;
  const request = { messages, documents, ...replyLimits(context.config) };
  const { data } = await providers
    .languageModel(model)
    .writeData(request, { name: 'verdict', schema: Verdict }, callOf(context));
  return data;
}

/** The cited passages that there are, under the numbers they are cited by. */
export function citedDocuments(citations: readonly Citation[], passages: readonly Passage[]): readonly ChatDocument[] {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  return citations.flatMap(({ n, passageId }) => {
    const passage = byId.get(passageId);
    return passage ? [asDocument(passage, n)] : [];
  });
}

/** Says so of a claim that is not supported, and why. */
export const notSupported = ({ claim, problem }: ClaimsVerdict['claims'][number]): string =>
  `Not supported: “${cut(claim, SHOWN_CHARACTERS)}” ${cut(problem, SHOWN_CHARACTERS)}`.trim();
