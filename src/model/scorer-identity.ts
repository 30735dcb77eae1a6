/**
 * Which scorer people's labels are of. The digest of its step is no part of the version: labels are of what was scored, and
 * stay when only the scorer's code changes.
 */
import type { ScorerSpec } from './evaluation-spec.ts';

export interface ScorerIdentity {
  readonly pipeline: string;
  readonly scorer: string;
  /** The hash of its definition. */
  readonly version: string;
}

export const scorerIdentity = (
  { pipeline }: { readonly pipeline: string },
  { id, definitionHash }: Pick<ScorerSpec, 'id' | 'definitionHash'>,
): ScorerIdentity => Object.freeze({ pipeline, scorer: id, version: definitionHash });
