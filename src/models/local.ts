/**
 * The models that need no key and no server: a reranker by words, and a "language model" that quotes. They are for what the
 * interfaces are for, and say so where they cannot: an extractive model writes no data of a given shape.
 */
import { setImmediate } from 'node:timers/promises';
import { StepFailure } from '../boundary/failure.ts';
import { answerByExcerpts } from '../extractive/answer-by-excerpts.ts';
import { rerankByWords } from '../extractive/rerank-by-words.ts';
import { sentencesOf } from '../extractive/sentences.ts';
import { tokenCounter } from './count-tokens.ts';
import type { ChatRequest, LanguageModel } from './language-model.ts';
import type { Reranker } from './reranker.ts';

/** A draft of three quotations, some 110 words of prose about them. */
const LIMITS = Object.freeze({ maxWords: 110, maxPassages: 3, codeLines: 40 });

const countTokens = tokenCounter({ provider: 'local', model: 'extractive' });

/** Answers the last user message from the documents, in their own words. */
export const localExtractive: LanguageModel = Object.freeze({
  name: 'local/extractive',
  contextTokens: null,
  countTokens,
  async writeText(request: ChatRequest, { signal }) {
    signal.throwIfAborted();
    const { messages, documents = [], onText } = request;
    const question = messages.findLast(({ role }) => role === 'user')?.content ?? '';
    const passages = documents.map(({ n, text, title, url }) => ({
      id: `${n}`,
      score: 0,
      text,
      ...(title !== undefined && { title }),
      ...(url !== undefined && { url }),
    }));
    const { text: quoted, citations } = answerByExcerpts(question, passages, '', LIMITS);
    // The excerpts are numbered as they are quoted; the documents have numbers of their own.
    const text = quoted.replace(/\[(\d+)\]/g, (mark, place) => {
      const cited = citations.find(({ n }) => n === Number(place));
      return cited === undefined ? mark : `[${cited.passageId}]`;
    });
    if (onText)
      for (const piece of piecesOf(text)) {
        onText(piece);
        await setImmediate();
        signal.throwIfAborted();
      }
    const read = [...messages.map(({ content }) => content), ...documents.map((document) => document.text)];
    const inputTokens = read.reduce((sum, each) => sum + countTokens(each).tokens, 0);
    return { text, usage: { inputTokens, outputTokens: countTokens(text).tokens } };
  },
  async writeData(_request, shape) {
    throw new StepFailure('structured_output_unsupported', {
      message: `local/extractive quotes passages: it cannot write data such as '${shape.name}'`,
      remedy: 'configure the step with a model of openai or cohere, or with its own local algorithm',
      retryable: false,
    });
  },
} satisfies LanguageModel);

/** Sentences with the white space after them: joined, they are the text. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const sentence of sentencesOf(text)) {
    const end = text.indexOf(sentence, from) + sentence.length;
    if (end < from + sentence.length) continue;
    pieces.push(text.slice(from, end));
    from = end;
  }
  return from < text.length ? [...pieces, text.slice(from)] : pieces;
}

export const localLexical: Reranker = Object.freeze({
  name: 'local/lexical',
  async rerank({ query, documents, topN }, { signal }) {
    signal.throwIfAborted();
    const passages = documents.map(({ text, title }, place) => ({
      id: `${place}`,
      score: 0,
      text,
      ...(title !== undefined && { title }),
    }));
    const ranked = rerankByWords(query, passages, topN);
    return {
      results: ranked.map(({ id, score }) => ({ index: Number(id), score })),
      usage: { inputTokens: 0, outputTokens: 0 },
    };
  },
} satisfies Reranker);
