/** Which passages a model can be shown: in order, while they fit. What is left out is named, never cut in the middle. */

import { placeName } from '../extractive/titles.ts';
import type { Passage } from '../model/step-schemas.ts';
import type { ChatDocument, LanguageModel } from '../models/language-model.ts';
import { distinct } from '../retrieval/fuse.ts';

/** What stands around a passage in a prompt, at most. */
const FRAME_TOKENS = 24;

export interface Fitting {
  readonly shown: readonly Passage[];
  readonly leftOut: readonly Passage[];
}

/** @param tokens for all of them together, by the model's own count or above it */
export function fitPassages(
  passages: readonly Passage[],
  tokens: number,
  model: Pick<LanguageModel, 'countTokens'>,
): Fitting {
  const unique = distinct(passages);
  let left = tokens;
  const end = unique.findIndex((passage) => {
    const { text, title = '', url = '' } = asDocument(passage, 0);
    left -= FRAME_TOKENS + model.countTokens(`${title}\n${url}\n${text}`).tokens;
    return left < 0;
  });
  const fitting = end === -1 ? unique.length : end;
  return { shown: unique.slice(0, fitting), leftOut: unique.slice(fitting) };
}

export function asDocument(passage: Passage, n: number): ChatDocument {
  const { text, url } = passage;
  return { n, text, title: placeName(passage), ...(url !== undefined && { url }) };
}
