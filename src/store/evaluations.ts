/** Evaluations and what they found. Cells are written by chunks of workers, over and over where a chunk is repeated. */

import type { FailureData } from '../../workflows/messages.ts';
import type { EvaluationProgress, EvaluationState, ResultRow } from '../evaluation/result.ts';
import type { EvaluationPins, EvaluationSpec, Registration } from '../evaluation/spec.ts';

export interface NewEvaluation {
  /** Its workflow's id, too: `eval-before-release-1f2e3d4c`. */
  readonly evaluationId: string;
  readonly spec: EvaluationSpec;
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
}

/** Times are milliseconds since the epoch. */
export interface EvaluationRow extends NewEvaluation {
  readonly name: string;
  /** Null until it has begun. */
  readonly pins: EvaluationPins | null;
  readonly state: EvaluationState;
  readonly error: FailureData | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export interface LockedRegistration {
  readonly name: string;
  /** `hashJson` of the content. */
  readonly hash: string;
  readonly content: Registration;
  /** The evaluation that was the first. */
  readonly evaluationId: string;
  readonly lockedAt: number;
}

export interface ResultFilter {
  readonly variant?: number | undefined;
  /** Only of these examples. */
  readonly exampleIds?: readonly string[] | undefined;
}

export interface Label {
  readonly scorer: string;
  readonly subject: string;
  readonly rater: string;
  readonly value: { readonly [field: string]: number | boolean | string };
  readonly note: string | null;
  readonly labelledAt: number;
}

export interface Evaluations {
  /** The second time with the same id gives what the first made. */
  create(evaluation: NewEvaluation): Promise<EvaluationRow>;
  /** @throws SluiceError `evaluation_unknown` with the nearest, `evaluation_ambiguous`; a unique prefix is enough */
  get(idOrPrefix: string): Promise<EvaluationRow>;
  /** The newest first. */
  list(filter?: { readonly name?: string; readonly limit?: number }): Promise<readonly EvaluationRow[]>;
  /** Kept the first time; gives what is kept. */
  pin(evaluationId: string, pins: EvaluationPins): Promise<EvaluationPins>;
  setState(evaluationId: string, state: EvaluationState, error?: FailureData | null): Promise<void>;
  setBudget(evaluationId: string, budgetUsd: number | null): Promise<void>;
  /** Takes the place of earlier rows of the same example, variant and repeat; all of them or none. */
  putResults(evaluationId: string, rows: readonly ResultRow[]): Promise<void>;
  /** Of these examples the rows that are there, by example, variant and repeat. */
  results(evaluationId: string, exampleIds: readonly string[]): Promise<readonly ResultRow[]>;
  /** All rows by example, variant and repeat, page by page. */
  eachResult(evaluationId: string, filter?: ResultFilter): AsyncGenerator<ResultRow>;
  progress(evaluationId: string): Promise<EvaluationProgress>;
  /** Locks it for the name, if nothing is; gives what is locked. */
  register(name: string, content: Registration, evaluationId: string): Promise<LockedRegistration>;
  /** Undefined: nothing is locked under the name. */
  registration(name: string): Promise<LockedRegistration | undefined>;
  /** Counts a comparison, once; gives how many there have been on this dataset version, this one included. */
  countComparison(datasetVersion: string, sides: string): Promise<number>;
  putLabels(labels: readonly Label[]): Promise<{ readonly added: number; readonly changed: number }>;
  /** Of a scorer; of these subjects, where they are given. */
  labels(scorer: string, subjects?: readonly string[]): Promise<readonly Label[]>;
}
