/**
 * Asks a served model which claims of an answer are supported by the passages that it cites: for the check of a draft, and
 * for scoring one that was given.
 */
import { z } from 'zod';
import type { StepContext } from '../boundary/implement.ts';
import { cut } from '../extractive/cut.ts';
import type { Citation, Passage } from '../model/step-schemas.ts';
import type { ChatDocument } from '../models/language-model.ts';
import type { Providers } from '../models/providers.ts';
import { asDocument } from './fit-passages.ts';
import { callOf, replyLimits } from './models.ts';
import { fillPrompt } from './prompts.ts';

/** Of what a judge says of one claim. */
export const SHOWN_CHARACTERS = 300;

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
