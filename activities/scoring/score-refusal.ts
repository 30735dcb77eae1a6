/** Whether it was right to answer, or not to. */
import { scoreRefusal } from '../../pipelines/scoring-steps.ts';
import { implement } from '../boundary/implement.ts';

export const scoreRefusalLocal = implement(scoreRefusal, ({ answered, answerable }) => ({
  correct: answered === answerable,
  declined: !answered,
  wronglyDeclined: answerable && !answered,
  wronglyAnswered: answered && !answerable,
}));
