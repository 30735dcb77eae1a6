/** What comparisons are made of: evaluations as the store keeps them, and what is known of their examples. */
import type { EvaluationState } from '../../model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec, Registration } from '../../model/evaluation-spec.ts';

/** An example by its identity, content and group: all that a comparison asks of it. */
export interface ExampleInfo {
  readonly id: string;
  /** Of its content: see `memberOf`. Examples of one id and two contents are not paired. */
  readonly hash: string;
  /** Null: it stands for itself. */
  readonly cluster: string | null;
  readonly tags: readonly string[];
}

/** An evaluation without its rows. Fits what `store.evaluations.get` gives, with its examples. */
export interface EvaluationFacts {
  readonly evaluationId: string;
  readonly name: string;
  readonly spec: EvaluationSpec;
  readonly pins: EvaluationPins | null;
  readonly state: EvaluationState;
  /** Of the dataset's version those that it runs on. */
  readonly examples: readonly ExampleInfo[];
  /** What is locked under its name; null: nothing. */
  readonly locked: Registration | null;
}

/** A variant of an evaluation. */
export interface SideRef {
  readonly evaluationId: string;
  /** Place in its variants. */
  readonly variant: number;
}
