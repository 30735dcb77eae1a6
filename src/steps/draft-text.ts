/**
 * A draft as its reader may see it while a model still writes it: citations of passages that there are, and nothing of
 * the mark by which a model says that the passages do not answer.
 */

import { citedText } from '../extractive/citations.ts';
import { NO_ANSWER } from './prompts.ts';

export interface DraftText {
  /** The next piece; gives what may be shown by now. */
  push(piece: string): string;
  /** The last of the text. */
  end(): string;
  /** Whether it began with the mark: nothing of it is then shown. */
  isNoAnswer(): boolean;
  readonly cited: ReadonlySet<number>;
  readonly unknown: ReadonlySet<number>;
}

/** @param passages how many there are to cite */
export function draftText(passages: number): DraftText {
  const text = citedText(passages);
  /** The beginning, while it may still become the mark. */
  let start: string | undefined = '';
  let isMarked = false;

  function beyondStart(piece: string): string {
    if (start === undefined) return isMarked ? '' : piece;
    start = (start + piece).trimStart();
    if (start.length < NO_ANSWER.length && NO_ANSWER.startsWith(start)) return '';
    isMarked = start.startsWith(NO_ANSWER);
    const begun = start;
    start = undefined;
    return isMarked ? '' : begun;
  }

  return {
    cited: text.cited,
    unknown: text.unknown,
    isNoAnswer: () => isMarked,
    push: (piece) => text.push(beyondStart(piece)),
    end: () => text.push(start ?? '') + text.end(),
  };
}

/** The same for a text that is there in whole. */
export function readDraft(whole: string, passages: number): { readonly text: string; readonly draft: DraftText } {
  const draft = draftText(passages);
  return { text: draft.push(whole) + draft.end(), draft };
}
