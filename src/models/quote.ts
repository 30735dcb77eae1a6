/**
 * What a provider says in a failure, made fit to be told further: short, on one line, and without keys. Providers quote
 * keys (in part), prompts and whole pages of proxies; all of it would end in histories, logs and the store.
 */
import type { Secret } from '../base/secret.ts';

const MOST_CHARACTERS = 300;
/** Cut before it is searched: a provider's answer may have megabytes. */
const READ_CHARACTERS = 4_000;
/** So much of a key is too much: any piece of this length gives the word it is in away. */
const PIECE_CHARACTERS = 8;
/** Its beginning is known by less, and its middle is often written as stars. */
const BEGINNING_CHARACTERS = 7;
const MASKED = /\*{3,}/;
const KEY_LIKE = /\b(?:sk|pk|rk|co)-[\w*.…-]{4,}|\bBearer\s+\S+|\bauthorization\b\s*[:=]\s*\S+(?:\s+\S+)?/gi;
const HIDDEN = '[key]';

export function quote(said: unknown, key: Secret): string {
  const text = (typeof said === 'string' ? said : (JSON.stringify(said) ?? '')).slice(0, READ_CHARACTERS);
  const line = withoutKey(text, key)
    .replace(KEY_LIKE, HIDDEN)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS).toWellFormed()}…`;
}

/**
 * The text, with every word hidden that has a piece of the key in it, wherever in the key that is from. A shorter key than
 * such a piece is none: it is what servers are given that ask for no key, and may be part of any word.
 */
export function withoutKey(text: string, key: Secret): string {
  const whole = key.reveal();
  const pieces = Array.from({ length: Math.max(0, whole.length - PIECE_CHARACTERS + 1) }, (_, at) =>
    whole.slice(at, at + PIECE_CHARACTERS),
  );
  const known = pieces.length === 0 ? [] : [whole.slice(0, BEGINNING_CHARACTERS), ...pieces];
  return (pieces.length === 0 ? text : text.replaceAll(whole, HIDDEN)).replace(/\S+/g, (word) =>
    MASKED.test(word) || known.some((piece) => word.includes(piece)) ? HIDDEN : word,
  );
}
