/** How a scorer says that there is nothing to score: for good, and as an outcome to be expected. Such a score is missing, never 0. */
import { StepFailure } from '../../boundary/failure.ts';

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

export function cannotScore(code: keyof typeof MISSING): StepFailure {
  return new StepFailure(code, { ...MISSING[code], retryable: false, benign: true });
}
