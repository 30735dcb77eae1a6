/** An answer's wording against the expected one's. */
import { l as rougeL } from 'js-rouge';
import { implement } from '../../boundary/implement.ts';
import { holds, withoutArticles, withoutCitations, wordF1, wordsInForm } from '../../extractive/normal-form.ts';
import { scoreAnswer } from '../scoring-steps.ts';
import { cannotScore } from './cannot-score.ts';

export const scoreAnswerLocal = implement(scoreAnswer, ({ answer, expected = '', contains = [] }) => {
  const said = withoutCitations(answer);
  const [saidWords, wantedWords] = [wordsInForm(said), wordsInForm(expected)];
  const [saidCore, wantedCore] = [withoutArticles(saidWords), withoutArticles(wantedWords)];
  if (wantedCore.length === 0) throw cannotScore('no_expected');
  const required = contains.length > 0 ? contains : [expected];
  return {
    exact: saidCore.join(' ') === wantedCore.join(' '),
    f1: wordF1(saidCore, wantedCore),
    contains: required.filter((each) => holds(said, each)).length / required.length,
    rougeL: longestCommon(saidWords, wantedWords),
  };
});

/** The library cuts texts into sentences and words of its own, unless it is given others; empty texts it refuses. */
const OWN_WORDS = { segmenter: (text: string) => [text], tokenizer: (text: string) => text.split(' ') };

const longestCommon = (said: readonly string[], wanted: readonly string[]): number =>
  said.length === 0 ? 0 : rougeL(said.join(' '), wanted.join(' '), OWN_WORDS);
