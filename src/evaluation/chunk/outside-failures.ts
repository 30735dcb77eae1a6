/**
 * Whose fault a failed run is. What the variant itself brought about (a refusal, a reply of no use, a prompt too long, its
 * own time or budget, a bug in its step) is an outcome and counts as the worst score. What came from outside (a provider
 * that does not answer, a key, a lost worker, the database) says nothing of the variant: its cells are missing. Nor does a run
 * that found help against it: what is scored would be its fallback.
 */
import { EVALUATION_BUDGET } from '../../plan/walk.ts';

/** What another time, another key or more money would not have met. */
const PASSING: ReadonlySet<string> = new Set([
  EVALUATION_BUDGET,
  'dry_run_missing',
  'heartbeat_lost',
  'key_invalid',
  'key_missing',
  'no_worker',
  'overloaded',
  'payload_missing',
  'price_unknown',
  'quota_exhausted',
  'rate_limited',
]);
/** What is missing where the variant is evaluated. A run that does without is scored as one. */
const LACKING: ReadonlySet<string> = new Set([
  'model_unknown',
  // By the rules of redaction, which are not the variant's.
  'redaction_unfit',
  'embedding_model_differs',
  'embedding_model_unknown',
  'index_not_built',
  'index_not_embedded',
  'index_unknown',
  // No search could be made at all.
  'retrieval_failed',
  'snapshot_unknown',
  'step_unknown',
]);
const FROM_STORE = /^database_/;

export const isPassing = (code: string): boolean => PASSING.has(code) || FROM_STORE.test(code);
export const isFromOutside = (code: string): boolean => isPassing(code) || LACKING.has(code);
