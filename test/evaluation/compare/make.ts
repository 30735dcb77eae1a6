/** Evaluations made by hand: what is not of a test's concern has a value here. */
import type { EvaluationFacts, ExampleInfo } from '../../../src/evaluation/compare/comparison-report.ts';
import type { Cell, ResultRow, RunFacts, Score } from '../../../src/model/evaluation-result.ts';
import type { EvaluationPins, EvaluationSpec, MetricSpec, ScorerSpec } from '../../../src/model/evaluation-spec.ts';

/** Of the scorer `quality`, whose scores lie in 0 to 1. */
export function metricOf(name: string, change: Partial<MetricSpec> = {}): MetricSpec {
  return {
    name,
    role: 'primary',
    kind: 'mean',
    source: { from: 'score', scorer: 'quality', field: name },
    above: null,
    better: 'higher',
    format: 'number',
    minimumEffect: null,
    margin: null,
    ...change,
  };
}

export interface SpecParts {
  readonly metrics: readonly MetricSpec[];
  /** Their names; the baseline first. */
  readonly variants?: readonly string[];
  readonly scorers?: readonly ScorerSpec[];
  readonly change?: Partial<EvaluationSpec>;
}

export function specOf({
  metrics,
  variants = ['baseline', 'variant'],
  scorers,
  change = {},
}: SpecParts): EvaluationSpec {
  return {
    format: 1,
    definition: 'before-release',
    name: 'before-release',
    pipeline: 'docs-bot',
    dataset: { name: 'questions', version: 'd'.repeat(64), split: 'dev', tag: null, examples: 100 },
    variants: variants.map((name) => ({ name, planId: `plan-${name}` })),
    scorers: scorers ?? scorersOf(metrics),
    metrics,
    repeats: 1,
    mode: 'compare',
    alpha: 0.05,
    ...change,
  };
}

/** One scorer per name in the metrics' sources; a win rate's is a pair. */
function scorersOf(metrics: readonly MetricSpec[]): readonly ScorerSpec[] {
  const ids = new Set(metrics.flatMap(({ source }) => (source.from === 'score' ? [source.scorer] : [])));
  return [...ids].map((id) => {
    const own = metrics.filter(({ source }) => source.from === 'score' && source.scorer === id);
    const fields = own.map(({ source, better, format }) => [
      source.field,
      { better, format, worst: better === 'higher' ? 0 : 1, best: better === 'higher' ? 1 : 0 },
    ]);
    return {
      id,
      kind: own.some(({ kind }) => kind === 'win-rate') ? 'pair' : 'step',
      call: { step: `${id}@1`, config: {} },
      policy: null,
      input: { $from: ['output'] },
      fields: Object.fromEntries(fields),
      definitionHash: `${id}-definition`,
    };
  });
}

export const pinsOf = ({ scorers }: Pick<EvaluationSpec, 'scorers'>): EvaluationPins => ({
  digests: { 'generate@1': 'digest-1' },
  snapshots: { docs: 'snapshot-1' },
  scorerVersions: Object.fromEntries(scorers.map(({ id }) => [id, `${id}-1`])),
});

export function factsOf(parts: Partial<EvaluationFacts> & Pick<EvaluationFacts, 'spec'>): EvaluationFacts {
  const { spec } = parts;
  return {
    evaluationId: 'eval-a',
    name: spec.name,
    pins: pinsOf(spec),
    state: 'completed',
    examples: examplesOf(spec.dataset.examples),
    locked: null,
    ...parts,
  };
}

/** `e000`, `e001`, ... */
const exampleId = (place: number): string => `e${String(place).padStart(3, '0')}`;

export const examplesOf = (
  count: number,
  change: (place: number) => Partial<ExampleInfo> = () => ({}),
): ExampleInfo[] =>
  Array.from({ length: count }, (_, place) => ({
    id: exampleId(place),
    hash: `hash-${place}`,
    cluster: null,
    tags: [],
    ...change(place),
  }));

export const RUN: RunFacts = {
  latencyMs: 100,
  costUsd: 0.001,
  inputTokens: 10,
  outputTokens: 5,
  failed: false,
  degraded: false,
};

export const done = (score: Score): Cell => ({ state: 'done', score, subject: 'subject' });
export const missing = (reason = 'rate_limited'): Cell => ({ state: 'missing', reason, resumable: true });
/** Of an example that has nothing to score. */
export const inapplicable = (reason = 'the example names nothing relevant'): Cell => ({
  state: 'missing',
  reason,
  resumable: false,
  isInapplicable: true,
});
export const failed = (reason = 'output_invalid'): Cell => ({ state: 'failed', reason });

export function rowOf(example: number, variant: number, parts: Partial<ResultRow> = {}): ResultRow {
  return {
    exampleId: exampleId(example),
    variant,
    repeat: 1,
    outcome: 'completed',
    error: null,
    output: null,
    run: RUN,
    cells: {},
    calls: [],
    ...parts,
  };
}
