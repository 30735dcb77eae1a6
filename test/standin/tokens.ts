/**
 * Tokens, exactly, by the tokenizer of OpenAI's newer models. Cohere's models have another one that is not published as
 * a library; the stand-in counts with this one for both, and what it reports is what it bills.
 */
import { countTokens as count, decodeGenerator, encode } from 'gpt-tokenizer/encoding/o200k_base';

export function countTokens(text: string): number {
  return count(text, { disallowedSpecial: new Set() });
}

/** The text in the pieces that a stream sends: a token each, but characters of several tokens stay whole. */
export function tokenPieces(text: string): readonly string[] {
  return [...decodeGenerator(encode(text, { disallowedSpecial: new Set() }))].filter((piece) => piece !== '');
}
