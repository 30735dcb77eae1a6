/**
 * What a provider says in a failure, made fit to be told further: short, on one line, and without keys. Providers quote
 * keys (in part), prompts and whole pages of proxies; all of it would end in histories, logs and the store.
 */
import type { Secret } from '../../src/runtime/secret.ts';

const MOST_CHARACTERS = 300;
/** Cut before it is searched: a provider's answer may have megabytes. */
const READ_CHARACTERS = 4_000;
/** Of a key in part: so much of its beginning, or its middle written as stars. */
const SHOWN_BEGINNING = 7;
const MASKED = /\*{3,}/;
const KEY_LIKE = /\b(?:sk|pk|rk|co)-[\w*.…-]{4,}|\bBearer\s+\S+|\bauthorization\b\s*[:=]\s*\S+(?:\s+\S+)?/gi;

export function quote(said: unknown, key: Secret): string {
  const text = (typeof said === 'string' ? said : (JSON.stringify(said) ?? '')).slice(0, READ_CHARACTERS);
  const beginning = key.reveal().slice(0, SHOWN_BEGINNING);
  const line = text
    .replaceAll(key.reveal(), '[key]')
    .replace(/\S+/g, (word) => (word.includes(beginning) || MASKED.test(word) ? '[key]' : word))
    .replace(KEY_LIKE, '[key]')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS).toWellFormed()}…`;
}
