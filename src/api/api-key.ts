/**
 * API keys: `sluice_<id>_<secret>`. The id finds the row, the secret proves it; the prefix lets scanners of repositories
 * find keys that were committed.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 6;
/** As much as SHA-256 keeps: a secret cannot be guessed, so its hash may be a fast one. */
const SECRET_BYTES = 32;
const KEY = /^sluice_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export interface ApiKeyParts {
  readonly keyId: string;
  readonly secret: string;
}

export function makeApiKey(): ApiKeyParts & { readonly key: string } {
  const keyId = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { keyId, secret, key: `sluice_${keyId}_${secret}` };
}

/** Undefined where the text is no key. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const [, keyId, secret] = KEY.exec(text) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** In a time that tells nothing of where they differ. */
export function isSecret(secret: string, hash: string): boolean {
  const [given, known] = [Buffer.from(hashSecret(secret)), Buffer.from(hash)];
  return given.length === known.length && timingSafeEqual(given, known);
}
