/**
 * How many tokens a text has for a model: exactly where `gpt-tokenizer` carries the model's own encoding, else an estimate
 * that is meant to be too high.
 *
 * The estimate was measured with the tokenizers of Command R+, Gemma, Llama 3 and Mistral on 17 kinds of text (English
 * documentation, code, JSON, ten writing systems, digits, hex, base64, symbols): none had more than 1.25 × the tokens of
 * cl100k_base once each digit counts by itself, as it does for three of the four, except Mistral's on Arabic (1.31). With
 * the factor here it is too high by a quarter for English and never too low (`test/providers/tokens.test.ts`).
 */
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { modelToEncodingMap } from 'gpt-tokenizer/mapping';
import * as knownModels from 'gpt-tokenizer/models';
import type { ModelName } from '../model/provider-call.ts';
import type { TokenCount } from './language-model.ts';

/** A text may hold `<|endoftext|>` and the like: here it is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };
const UPPER_FACTOR = 1.35;
/** cl100k_base joins three digits to a token. */
const MORE_PER_DIGIT = 2 / 3;

type Count = (text: string) => number;

/** @returns a function, since which encoding counts is known once the model is */
export function tokenCounter(name: ModelName): (text: string) => TokenCount {
  const count = exactCounter(name);
  if (count) return (text) => ({ tokens: count(text), exact: true });
  return (text) => ({ tokens: estimateTokens(text), exact: false });
}

/** At most so many tokens, whatever the tokenizer. */
export function estimateTokens(text: string): number {
  const digits = text.match(/\p{Nd}/gu)?.length ?? 0;
  return Math.ceil(countCl100k(text, AS_TEXT) * UPPER_FACTOR + digits * MORE_PER_DIGIT);
}

function exactCounter({ provider, model }: ModelName): Count | undefined {
  const o200k: Count = (text) => countO200k(text, AS_TEXT);
  // Nobody pays for local models by the token: any count that is stable will do, and this is the one passages are cut by.
  if (provider === 'local') return o200k;
  if (provider !== 'openai') return undefined;
  const encoding: string | undefined = Object.hasOwn(modelToEncodingMap, model)
    ? modelToEncodingMap[model as keyof typeof modelToEncodingMap]
    : undefined;
  if (encoding === 'cl100k_base') return (text) => countCl100k(text, AS_TEXT);
  if (encoding === 'o200k_base' || encoding === 'o200k_harmony') return o200k;
  // The registry's default for what it lists without an encoding.
  return encoding === undefined && Object.hasOwn(knownModels, model) ? o200k : undefined;
}
