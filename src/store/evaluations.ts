/** Evaluations and what they found. Cells are written by chunks of workers, over and over where a chunk is repeated. */

import type { EvaluationProgress, EvaluationState, ResultRow } from '../model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec, Registration, ScorerIdentity } from '../model/evaluation-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { findEvaluation, listEvaluations } from './evaluations-find.ts';
import { countUnattributed, putLabels, readLabels } from './evaluations-labels.ts';
import { fingerprintOf, hasResumable, readProgress, readResults, resultsOf } from './evaluations-read.ts';
import { putResults } from './evaluations-results.ts';
import { type ScoredFilter, type ScoredSubject, scoredSubjects } from './evaluations-scored.ts';
import { createEvaluation, keepPins, setBudget, setState } from './evaluations-write.ts';
import { countComparisons, foreseeComparisons, register, registrationOf } from './registrations.ts';

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

export interface EvaluationFilter {
  readonly name?: string | undefined;
  /** 1 to 1,000; default 20. */
  readonly limit?: number | undefined;
}

export interface ResultFilter {
  readonly variant?: number | undefined;
  /** Only of these examples. */
  readonly exampleIds?: readonly string[] | undefined;
  /** Outputs and calls, which are most of a row, are left out: null, and none. */
  readonly scoresOnly?: boolean | undefined;
}

export interface Label extends ScorerIdentity {
  readonly subject: string;
  readonly rater: string;
  readonly value: { readonly [field: string]: number | boolean | string };
  readonly note: string | null;
  readonly labelledAt: number;
  /** A decision between what raters say: it stands in place of their labels, and `rater` is whoever decided. */
  readonly isFinal?: true;
}

export interface Evaluations {
  /** The second time with the same id gives what the first made. @throws SluiceError `budget_invalid` */
  create(evaluation: NewEvaluation): Promise<EvaluationRow>;
  /** @throws SluiceError `evaluation_unknown` with the nearest, `evaluation_ambiguous`; a unique prefix is enough */
  get(idOrPrefix: string): Promise<EvaluationRow>;
  /** The newest first. @throws SluiceError `limit_invalid` */
  list(filter?: EvaluationFilter): Promise<readonly EvaluationRow[]>;
  /** Kept the first time; gives what is kept. @throws SluiceError `evaluation_unknown`, as all that follow */
  pin(evaluationId: string, pins: EvaluationPins): Promise<EvaluationPins>;
  /** A final state sets `finishedAt`, any other takes it back; `error` is null where it is not given. */
  setState(evaluationId: string, state: EvaluationState, error?: FailureData | null): Promise<void>;
  /** Only where it is in one of these; gives whether it was: another may have ended it meanwhile. */
  moveState(evaluationId: string, from: readonly EvaluationState[], state: EvaluationState): Promise<boolean>;
  /** @throws SluiceError `budget_invalid` */
  setBudget(evaluationId: string, budgetUsd: number | null): Promise<void>;
  /**
   * All of them or none. A row of the same example, variant and repeat that is there gives way only where it has a cell
   * that another try may fill, and where no scorer that has spoken in it would fall silent. What no text column can hold
   * (NUL, halves of surrogate pairs) is replaced.
   *
   * @throws SluiceError `score_not_finite`, naming scorer, field and example
   */
  putResults(evaluationId: string, rows: readonly ResultRow[]): Promise<void>;
  /** Of these examples the rows that are there, by example, variant and repeat. */
  results(evaluationId: string, exampleIds: readonly string[]): Promise<readonly ResultRow[]>;
  /** All rows by example, variant and repeat, page by page. */
  eachResult(evaluationId: string, filter?: ResultFilter): AsyncGenerator<ResultRow>;
  /** Made to be asked several times a second, however many rows there are. */
  progress(evaluationId: string): Promise<EvaluationProgress>;
  /** Of all evaluations, or of these: another as soon as any has begun, has another state, or has other rows. */
  fingerprint(evaluationIds?: readonly string[]): Promise<string>;
  /** Whether a cell is missing that another try may fill. */
  hasResumable(evaluationId: string): Promise<boolean>;
  /** Locks it for the name, if nothing is; gives what is locked. */
  register(name: string, content: Registration, evaluationId: string): Promise<LockedRegistration>;
  /** Undefined: nothing is locked under the name. */
  registration(name: string): Promise<LockedRegistration | undefined>;
  /** Counts comparisons, each once; gives how many there have been on this dataset version, these included. */
  countComparisons(datasetVersion: string, sides: readonly string[]): Promise<number>;
  /** What `countComparisons` would give; nothing is counted. */
  foreseeComparisons(datasetVersion: string, sides: readonly string[]): Promise<number>;
  /**
   * Of labels of one rater and subject the latest stays; of two as late, the same one in whatever order they come. All of
   * them or none. `changed` are those that say something else now. Decisions are none of these: see `Reviews.decide`.
   */
  putLabels(labels: readonly Label[]): Promise<{ readonly added: number; readonly changed: number }>;
  /** Of a scorer, with decisions between raters; of these subjects, where they are given. */
  labels(scorer: ScorerIdentity, subjects?: readonly string[]): Promise<readonly Label[]>;
  /** Subjects with labels of this id that are of no known pipeline and version: they count for no scorer. */
  unattributedLabels(scorer: string): Promise<number>;
  /** Which of these subjects the scorer has scored, and where: looks through the newest 20 evaluations that have it. */
  scored(scorer: ScorerIdentity, subjects: readonly string[], filter?: ScoredFilter): Promise<readonly ScoredSubject[]>;
}

export function createEvaluations(database: Database, clock?: Clock): Evaluations {
  return Object.freeze({
    create: (evaluation) => createEvaluation(database, evaluation, nowParam(clock)),
    get: (idOrPrefix) => findEvaluation(database, idOrPrefix),
    list: (filter = {}) => listEvaluations(database, filter),
    pin: (evaluationId, pins) => keepPins(database, evaluationId, pins),
    setState: async (evaluationId, state, error = null) =>
      void (await setState(database, { evaluationId, state, error, from: null, now: nowParam(clock) })),
    moveState: (evaluationId, from, state) =>
      setState(database, { evaluationId, state, error: null, from, now: nowParam(clock) }),
    setBudget: (evaluationId, budgetUsd) => setBudget(database, evaluationId, budgetUsd),
    putResults: (evaluationId, rows) => putResults(database, evaluationId, rows, nowParam(clock)),
    results: (evaluationId, exampleIds) => resultsOf(database, evaluationId, exampleIds),
    eachResult: (evaluationId, filter = {}) => readResults(database, evaluationId, filter),
    progress: (evaluationId) => readProgress(database, evaluationId),
    fingerprint: (evaluationIds) => fingerprintOf(database, evaluationIds ?? null),
    hasResumable: (evaluationId) => hasResumable(database, evaluationId),
    register: (name, content, evaluationId) =>
      register(database, { name, content, evaluationId, now: nowParam(clock) }),
    registration: (name) => registrationOf(database, name),
    countComparisons: (datasetVersion, sides) =>
      countComparisons(database, { datasetVersion, sides, now: nowParam(clock) }),
    foreseeComparisons: (datasetVersion, sides) => foreseeComparisons(database, datasetVersion, sides),
    putLabels: (labels) => putLabels(database, labels),
    labels: (scorer, subjects) => readLabels(database, scorer, subjects),
    unattributedLabels: (scorer) => countUnattributed(database, scorer),
    scored: (scorer, subjects, filter = {}) => scoredSubjects(database, scorer, subjects, filter),
  } satisfies Evaluations);
}
