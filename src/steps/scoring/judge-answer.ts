/** A verdict on an answer: by a served model and a rubric, or by words. */
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../../boundary/implement.ts';
import { cut } from '../../extractive/cut.ts';
import { type Graded, gradeByWords } from '../../extractive/judge-by-words.ts';
import type { ConfigOf, InputOf } from '../../index.ts';
import type { Providers } from '../../models/providers.ts';
import { judgeAnswer } from '../judge-steps.ts';
import { callOf, isLocal } from '../models.ts';
import { fillPrompt } from '../prompts.ts';
import { cannotScore } from './cannot-score.ts';
import { hasText, judgeRequest } from './judge-request.ts';

type Asked = InputOf<typeof judgeAnswer>;
type Context = StepContext<ConfigOf<typeof judgeAnswer>>;

const SCORES = Object.freeze({ correct: 1, partly: 0.5, wrong: 0 });
/** Of what a judge gives as its reason. */
export const REASON_CHARACTERS = 2_000;

/** The reason comes first: a verdict that is written before it would be explained, not reached. */
const Reply = z.object({ reason: z.string(), verdict: z.enum(['correct', 'partly', 'wrong']) });

export function createJudgeAnswer(providers: Providers): Implemented {
  return implement(judgeAnswer, async (asked, context) => {
    const { verdict, reason } = isLocal(context.config.model)
      ? byWords(asked, context)
      : await byModel(providers, asked, context);
    return {
      correct: verdict === 'correct',
      score: SCORES[verdict],
      verdict,
      reason: cut(reason, REASON_CHARACTERS),
    };
  });
}

function byWords({ answer, expected }: Asked, { config }: Context): Graded {
  const graded = hasText(expected) ? gradeByWords(answer, expected, config) : undefined;
  if (graded === undefined) throw cannotScore('no_expected');
  return graded;
}

async function byModel(providers: Providers, { answer, ...asked }: Asked, context: Context): Promise<Graded> {
  const { model: name, prompt, criteria, verdicts } = context.config;
  const meanings = Object.entries(verdicts).map(([verdict, meaning]) => `- ${verdict}: ${meaning}`);
  const system = fillPrompt(prompt, { criteria, verdicts: meanings.join('\n') });
  const model = providers.languageModel(name);
  const request = judgeRequest(system, { ...asked, answers: [answer] }, context.config, model);
  // What says nothing needs no judge.
  if (!hasText(answer)) return { verdict: 'wrong', reason: 'The answer is empty.' };
  return (await model.writeData(request, { name: 'verdict', schema: Reply }, callOf(context))).data;
}
