/** What a served judge is shown: its rubric as the system's message, and everything that others wrote as material. */

import { StepFailure } from '../../boundary/failure.ts';
import { marked, withoutMarks } from '../../extractive/marked.ts';
import type { Passage } from '../../model/step-schemas.ts';
import type { ChatRequest, LanguageModel } from '../../models/language-model.ts';
import { asDocument, fitPassages } from '../fit-passages.ts';
import { replyLimits } from '../models.ts';
import { cannotScore } from './cannot-score.ts';

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

export const hasText = (text: string | undefined): text is string => text !== undefined && text.trim() !== '';

/** @throws StepFailure `no_expected`, or `context_too_long` where there are only passages and none of them fits */
export function judgeRequest(
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
