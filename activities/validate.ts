/** Checks an answer, by its words. */
import { validate } from '../pipelines/steps.ts';
import { implement } from './boundary/implement.ts';
import { checkByWords } from './local/check-by-words.ts';

export const validateLexical = implement(validate, ({ question, answer, passages }, { config }) =>
  checkByWords(question, answer, passages, config),
);
