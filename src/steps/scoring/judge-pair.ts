/** The better of two answers, in the order in which they are given: by a served model, or by words. */
import { z } from 'zod';
import { type Implemented, implement, type StepContext } from '../../boundary/implement.ts';
import { cut } from '../../extractive/cut.ts';
import { type Compared, compareByWords } from '../../extractive/judge-by-words.ts';
import type { ConfigOf, InputOf } from '../../index.ts';
import type { Providers } from '../../models/providers.ts';
import { judgePair } from '../judge-steps.ts';
import { callOf, isLocal } from '../models.ts';
import { fillPrompt } from '../prompts.ts';
import { cannotScore } from './cannot-score.ts';
import { REASON_CHARACTERS } from './judge-answer.ts';
import { hasText, judgeRequest } from './judge-request.ts';

type Asked = InputOf<typeof judgePair>;
type Context = StepContext<ConfigOf<typeof judgePair>>;

const Reply = z.object({ reason: z.string(), winner: z.enum(['first', 'second', 'tie']) });

export function createJudgePair(providers: Providers): Implemented {
  return implement(judgePair, async (asked, context) => {
    const { winner, reason } = isLocal(context.config.model)
      ? byWords(asked, context)
      : await byModel(providers, asked, context);
    return { winner, reason: cut(reason, REASON_CHARACTERS) };
  });
}

function byWords({ first, second, expected }: Asked, { config }: Context): Compared {
  if (!hasText(expected)) throw cannotScore('no_expected');
  return compareByWords(first, second, expected, config.margin);
}

async function byModel(providers: Providers, { first, second, ...asked }: Asked, context: Context): Promise<Compared> {
  const { model: name, prompt, criteria } = context.config;
  const model = providers.languageModel(name);
  const system = fillPrompt(prompt, { criteria });
  const request = judgeRequest(system, { ...asked, answers: [first, second] }, context.config, model);
  // A judge that is asked for a difference finds one.
  if (first.trim() === second.trim()) return { winner: 'tie', reason: 'The two answers are the same.' };
  return (await model.writeData(request, { name: 'comparison', schema: Reply }, callOf(context))).data;
}
