/**
 * What an evaluation is asked to do, as frozen JSON: which variants on which examples, scored how, and what is concluded
 * from which scores. The store keeps it with the evaluation, so that results can be read without the code that asked.
 */
import type { CallPolicy, StepCall, Wiring } from '../plan/plan.ts';
import type { ValueFormat } from '../stats/explained-report.ts';
import type { Better } from '../stats/gate.ts';
import type { Split } from './dataset.ts';

export const SPEC_FORMAT = 1;

export interface EvaluationSpec {
  readonly format: typeof SPEC_FORMAT;
  /** The id of the `defineEvaluation` that it is; null where the command line changed what was defined. */
  readonly definition: string | null;
  /** The definition's id, whether it was changed or not. */
  readonly name: string;
  readonly pipeline: string;
  readonly dataset: DatasetPart;
  /** The baseline first. Under `aa`, the baseline twice. */
  readonly variants: readonly SpecVariant[];
  readonly scorers: readonly ScorerSpec[];
  readonly metrics: readonly MetricSpec[];
  /** Walks of one example by one variant, each in a slot of its own. */
  readonly repeats: number;
  /** `aa`: the baseline against itself, to see what difference comes of nothing. */
  readonly mode: 'compare' | 'aa';
  /** Of two-sided intervals and tests, before Holm. */
  readonly alpha: number;
}

export interface DatasetPart {
  readonly name: string;
  /** The hash of its content, 64 hex digits. */
  readonly version: string;
  /** Null: both. */
  readonly split: Split | null;
  readonly tag: string | null;
  /** How many of these, the first by id. */
  readonly examples: number;
}

export interface SpecVariant {
  /** `baseline`, or the variant's own name. */
  readonly name: string;
  readonly planId: string;
}

/**
 * A scorer as data. Its wiring reads the finished run: `input`, `output`, `run.latencyMs`, any node the pipeline shows, and of
 * the example `expected` and `relevant`. A pair's wiring reads `first` and `second` (`first.output`, `first.ranked`), which
 * are the baseline's run and the variant's, and then the other way round.
 */
export interface ScorerSpec {
  readonly id: string;
  /** `human`: scores come from labels that people gave, for the subject that the wiring makes. */
  readonly kind: 'step' | 'pair' | 'human';
  /** Whether its scores are verdicts of a judge; absent in specs that were stored before it was stated: see `isJudge`. */
  readonly judge?: boolean;
  /** Null for a human scorer. */
  readonly call: StepCall | null;
  readonly policy: CallPolicy | null;
  readonly input: Wiring;
  /** The fields of its output that are scores, by name. Of a pair: `win` alone. */
  readonly fields: { readonly [field: string]: ScoreField };
  /** Hash of call, wiring and fields; not of `judge`, which changes no score. Its whole version adds the digest of the step's implementation: see `pins`. */
  readonly definitionHash: string;
}

export interface ScoreField {
  readonly better: Better;
  readonly format: ValueFormat;
  /** What a run gets that its variant made fail. */
  readonly worst: number;
  /** Null: no bound. */
  readonly best: number | null;
}

export const RUN_FIELDS = ['latencyMs', 'costUsd', 'inputTokens', 'outputTokens', 'failed', 'degraded'] as const;
export type RunField = (typeof RUN_FIELDS)[number];

export type MetricSource =
  | { readonly from: 'score'; readonly scorer: string; readonly field: string }
  | { readonly from: 'run'; readonly field: RunField };

/**
 * One number per example and variant. `mean` takes it as it is; `rate` is of booleans; `share` is whether it is above a
 * threshold; `win-rate` is a pair's, where 0.5 is no difference.
 */
export interface MetricSpec {
  readonly name: string;
  readonly role: 'primary' | 'guardrail' | 'secondary';
  readonly kind: 'mean' | 'rate' | 'share' | 'win-rate';
  readonly source: MetricSource;
  /** Of `share` only. */
  readonly above: number | null;
  readonly better: Better;
  readonly format: ValueFormat;
  /** Of a primary: the smallest effect worth having, in the metric's unit. Null: not declared. */
  readonly minimumEffect: number | null;
  /** Of a guardrail: how much worse is still harmless. Null for others. */
  readonly margin: number | null;
}

/** What the workers fix when the evaluation begins, and hold to until its end. */
export interface EvaluationPins {
  /** Of each step's implementation, by `rerank@2`. */
  readonly digests: { readonly [step: string]: string };
  /** Hash of the snapshot that steps read, by index. */
  readonly snapshots: { readonly [index: string]: string };
  /** By scorer id: the hash of its definition, the digest of its step, and the snapshots it reads. */
  readonly scorerVersions: { readonly [scorer: string]: string };
}

/** What is locked at the first evaluation of a definition, and compared with at each later one. */
export interface Registration {
  readonly pipeline: string;
  readonly dataset: Pick<DatasetPart, 'name' | 'version' | 'split' | 'tag' | 'examples'>;
  readonly scorerVersions: { readonly [scorer: string]: string };
  /** Ids of the scorers that are judges, sorted; absent in what was locked before scorers stated it. */
  readonly judges?: readonly string[];
  readonly metrics: readonly MetricSpec[];
  readonly repeats: number;
  readonly alpha: number;
}

/** `grounded` of a pair's wiring is `first.grounded`: the words that scorers' wiring may begin with besides node ids. */
export const SCORER_SOURCES = ['input', 'output', 'run', 'expected', 'relevant', 'first', 'second'] as const;

// Which scorers are judges: those that say so. A judge's verdict is a measurement with an error that only people can tell;
// what is computed from the answer says what it says.

/** Algorithms of the project itself. */
const LOCAL = 'local/';

/** The served model that its config names, by the key that names models; null where there is none. */
export function judgeModel({ call }: Pick<ScorerSpec, 'call'>): string | null {
  const config = call?.config;
  if (typeof config !== 'object' || config === null || !('model' in config)) return null;
  const { model } = config;
  return typeof model === 'string' && !model.startsWith(LOCAL) ? model : null;
}

/** Specs that were stored before scorers had to say so: those that ask a served model. */
export const isJudge = (scorer: Pick<ScorerSpec, 'call' | 'judge'>): boolean =>
  scorer.judge ?? judgeModel(scorer) !== null;

/**
 * Which scorer people's labels are of. The digest of its step is no part of the version: labels are of what was scored, and
 * stay when only the scorer's code changes.
 */
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
