/** Counts tokens as current OpenAI models do (byte pair encoding o200k_base): the unit in which passages are sized. */
import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';

/** A text may hold `<|endoftext|>` and the like: here it is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** The number of tokens in a text. Meant for passages: callers bound its length first. */
export function countTokens(text: string): number {
  return count(text, AS_TEXT);
}

export const byteLength = (text: string): number => Buffer.byteLength(text, 'utf8');
