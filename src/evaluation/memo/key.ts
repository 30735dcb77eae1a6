/**
 * What makes two calls the same: then one is made for both. Canonical JSON, since a value that has been stored may come
 * back with its keys in another order than the one just made.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../plan/id.ts';
import type { Json } from '../../plan/plan.ts';

export interface MemoSubject {
  /** `rerank@2` */
  readonly step: string;
  /** Of the step's implementation: the same version may not always be the same code. */
  readonly digest: string;
  readonly config: Json;
  readonly input: Json;
  /** Of the index that the step reads; null where it reads none. */
  readonly snapshot: string | null;
  /** Tells apart calls that are to be made each for itself: repeats, and the two sides of an A/A. */
  readonly slot: string;
}

/**
 * SHA-256 of the subject, 64 hex digits.
 *
 * @throws SluiceError `json_not_canonical`
 */
export function memoKey({ step, digest, config, input, snapshot, slot }: MemoSubject): string {
  return hash('sha256', canonicalJson({ step, digest, config, input, snapshot, slot }));
}
