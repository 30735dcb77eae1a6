/** The keys of `SLUICE_ENCRYPTION_KEYS`: `id:base64-of-32-bytes`, comma separated. What is wrong is said without the key. */
import { createSecret, type Secret } from '../base/secret.ts';

export interface EncryptionKey {
  /** Stored readable with the encrypted data, so it must reveal nothing. */
  readonly id: string;
  /** 32 bytes, in base64. */
  readonly key: Secret;
}

/** Newest first: the first encrypts, all decrypt. Never empty. */
export type EncryptionKeys = readonly [EncryptionKey, ...EncryptionKey[]];

const KEY_BYTES = 32;
const MOST_KEYS = 20;
/** Shorter than a key is: one that is given in the place of its id is not shown as an id. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const HOW_TO_MAKE = `make one with: openssl rand -base64 ${KEY_BYTES}`;

export function parseEncryptionKeys(text: string): EncryptionKeys | { readonly problem: string } {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.length > MOST_KEYS) return { problem: `${entries.length} keys, ${MOST_KEYS} are allowed` };
  const keys: EncryptionKey[] = [];
  for (const [index, entry] of entries.entries()) {
    const which = `key ${index + 1} of ${entries.length}`;
    const colon = entry.indexOf(':');
    const id = entry.slice(0, Math.max(colon, 0));
    if (!ID.test(id))
      return {
        problem: `${which} does not begin with an id of at most 32 letters, digits, '.', '_' or '-', and a colon`,
      };
    const encoded = entry.slice(colon + 1);
    const bytes = Buffer.from(encoded, 'base64');
    if (!BASE64.test(encoded)) return { problem: `${which}, '${id}', is not base64; ${HOW_TO_MAKE}` };
    if (bytes.length !== KEY_BYTES)
      return { problem: `${which}, '${id}', has ${bytes.length} bytes, ${KEY_BYTES} are needed; ${HOW_TO_MAKE}` };
    const key = createSecret(bytes.toString('base64'));
    const same = keys.find((other) => other.id === id || other.key.reveal() === key.reveal());
    if (same) return { problem: `${which}, '${id}', has the id or the bytes of '${same.id}'; ${HOW_TO_MAKE}` };
    keys.push(Object.freeze({ id, key }));
  }
  const [first, ...others] = keys;
  return Object.freeze([first!, ...others]);
}
