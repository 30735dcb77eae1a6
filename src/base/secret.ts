/**
 * A key that cannot be shown by accident: printing, logging or serialising the object around it gives this word, and
 * only a call of `reveal` gives the value, so that a search for it finds everyone who sees the key.
 */
import { inspect } from 'node:util';

const HIDDEN = '[secret]';

export interface Secret {
  reveal(): string;
  toString(): string;
  toJSON(): string;
}

export function createSecret(value: string): Secret {
  const hidden = () => HIDDEN;
  return Object.freeze({ reveal: () => value, toString: hidden, toJSON: hidden, [inspect.custom]: hidden });
}
