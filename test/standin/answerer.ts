/**
 * The model that the stand-in plays when no test has written a reply: it reads the numbered passages in its prompt and
 * answers with the sentence that shares most words with the question, followed by that passage's `[n]`. So whole
 * pipelines work against it, and a wrong prompt shows as a wrong answer.
 */
import type { ChatAsked } from './stand-in.ts';
import { overlap } from './words.ts';

export const nothingFound = 'The passages do not answer this question.';

interface Block {
  readonly number: number;
  readonly text: string;
}

/** `[3] text` at a line's start, or `<passage n="3">`, `<document id="3">`, `<source index="3">`. */
const blockStart =
  /^[ \t]*(?:\[(\d{1,4})\]|<(?:passage|document|source)\b[^>]*?\b(?:n|id|index|number)="?(\d{1,4})"?[^>]*>)/gm;

/**
 * An answer to the last user message: from the passages where there are some, else the question itself.
 *
 * @param most sentences, of as many passages; the nearest to the question first
 */
export function answerFrom(asked: ChatAsked, most = 1): string {
  const question = questionOf(asked);
  const blocks = blocksOf(asked, question);
  if (blocks.length === 0) {
    return question;
  }
  const sentences = blocks.flatMap((block) =>
    sentencesOf(block.text).map((sentence) => ({ sentence, number: block.number, score: overlap(question, sentence) })),
  );
  const nearest = sentences.filter(({ score }) => score > 0).sort((one, other) => other.score - one.score);
  const told = [...Map.groupBy(nearest, ({ number }) => number).values()].slice(0, most).map(([first]) => first!);
  return told.length === 0 ? nothingFound : told.map(({ sentence, number }) => `${sentence} [${number}]`).join(' ');
}

/** The last paragraph of the last user message, without `Question:` before it. */
export function questionOf(asked: ChatAsked): string {
  const last = asked.messages.findLast((message) => message.role === 'user')?.content ?? '';
  const paragraph =
    last
      .trim()
      .split(/\n\s*\n/)
      .at(-1) ?? '';
  const labelled = /(?:^|\n)\s*question\s*:\s*([\s\S]*)$/i.exec(paragraph)?.[1] ?? paragraph;
  return labelled.replace(/<\/?[a-z_]+>/gi, '').trim();
}

function blocksOf(asked: ChatAsked, question: string): readonly Block[] {
  const given = asked.documents.map((text, index) => ({ number: index + 1, text }));
  return [...given, ...asked.messages.flatMap((message) => numbered(message.content, question))];
}

function numbered(content: string, question: string): readonly Block[] {
  const starts = [...content.matchAll(blockStart)];
  return starts.map((start, index) => {
    const text = content.slice(start.index + start[0].length, starts[index + 1]?.index);
    const closed = /<\/(?:passage|document|source)s?>/.exec(text);
    const own = closed === null ? text : text.slice(0, closed.index);
    return {
      number: Number(start[1] ?? start[2]),
      // The question that follows the last passage is not a part of it.
      text: own.trimEnd().endsWith(question) ? own.trimEnd().slice(0, -question.length) : own,
    };
  });
}

function sentencesOf(text: string): readonly string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}
