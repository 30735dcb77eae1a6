/** Whether it was right to answer, or not to. */

import { implement } from '../../boundary/implement.ts';
import { scoreRefusal } from '../scoring-steps.ts';

export const scoreRefusalLocal = implement(scoreRefusal, ({ answered, answerable }) => ({
  correct: answered === answerable,
  declined: !answered,
  wronglyDeclined: answerable && !answered,
  wronglyAnswered: answered && !answerable,
}));
