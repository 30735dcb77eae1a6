/** Says that the documents do not answer, and which of their pages come closest: a reader can still look there. */

import { implement } from '../boundary/implement.ts';
import { citationOf, placeName } from '../extractive/titles.ts';
import { decline } from './steps.ts';

const MAX_RELATED = 3;

export const declineLocal = implement(decline, ({ passages }) => {
  const pages = [...new Map(passages.map((passage) => [passage.title ?? passage.id, passage])).values()];
  const related = pages.slice(0, MAX_RELATED);
  const citations = related.map((passage, index) => citationOf(passage, index + 1));
  if (related.length === 0)
    return { text: 'The documents do not say: nothing in them matches the question.', citations };
  const lines = related.map((passage, index) => `- ${placeName(passage)} [${index + 1}]`);
  return { text: `The documents do not answer this. What comes closest:\n\n${lines.join('\n')}`, citations };
});
