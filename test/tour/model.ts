/**
 * What the stand-in for the providers says, so that what the tour shows differs from answer to answer: data by the local
 * algorithms that a project without keys would use, and answers of a few sentences.
 */

import { compareByWords, gradeByWords } from '../../src/extractive/check-by-words.ts';
import { enhanceByRules } from '../../src/extractive/enhance-by-rules.ts';
import { answerFrom, questionOf } from '../standin/answerer.ts';
import { dataForSchema } from '../standin/schema-data.ts';
import type { ReplyMaker } from '../standin/scripts.ts';
import type { ChatAsked } from '../standin/stand-in.ts';

const THRESHOLDS = { minimumCorrect: 0.2, minimumPartly: 0.08 };
const SENTENCES = 3;
const MARGIN = 0.05;

export const sayByWords: ReplyMaker = (asked) => {
  const { schema } = asked;
  if (schema === null) return { text: answerFrom(asked, SENTENCES) };
  const fields = Object.keys((schema.schema.properties ?? {}) as object);
  if (fields.includes('standalone')) return { data: enhanced(questionOf(asked)) };
  if (fields.includes('winner')) return { data: { ...compared(asked) } };
  if (fields.includes('verdict')) return { data: { ...graded(asked) } };
  return { data: dataForSchema(schema.schema, questionOf(asked)) };
};

function enhanced(question: string) {
  const { standalone, language, keywords, parts, queries } = enhanceByRules(question);
  return {
    ...{ standalone, language, intents: [], keywords: [...keywords], subQueries: [...parts] },
    ...{ searchQueries: [...queries], answerable: true },
  };
}

function graded(asked: ChatAsked) {
  const [answer = ''] = marked(asked, 'answer');
  const [expected = ''] = marked(asked, 'reference');
  return gradeByWords(answer, expected, THRESHOLDS) ?? { verdict: 'partly', reason: 'There is no reference.' };
}

function compared(asked: ChatAsked) {
  const [first = '', second = ''] = marked(asked, 'answer');
  const [expected = ''] = marked(asked, 'reference');
  return compareByWords(first, second, expected, MARGIN);
}

/** What stands between marks of that name in the last message. */
function marked({ messages }: ChatAsked, name: string): readonly string[] {
  const text = messages.findLast(({ role }) => role === 'user')?.content ?? '';
  return [...text.matchAll(new RegExp(`<${name}[^>]*>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inner = '']) =>
    inner.trim(),
  );
}
