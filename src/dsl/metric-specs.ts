/**
 * Metrics as data: each ref looked up among the evaluation's scorers, and those added that nobody named, so that what was
 * scored is never left unreported.
 */
import type { MetricSource, MetricSpec } from '../model/evaluation-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { readGoals } from './metric-goals.ts';
import { checkDirection, checkReach, FACT_FIELDS, findSource, rangeOfField } from './metric-source.ts';
import { type Ref, refTo } from './ref.ts';
import { refuse, show } from './refuse.ts';
import { RUN_FACTS, type RunFactRefs } from './scored-scope.ts';
import { type AnyScorer, type ScoreOf, scoreSchema } from './scorer.ts';
import { isBoolean } from './shape.ts';
import type { WiringError } from './wiring.ts';
import { type Metric, nameOf, type WrittenMetric } from './written-metric.ts';

/** What the metrics function returned, by the roles that it gives. */
export interface Goals {
  /** What decides. */
  readonly primary: readonly Metric<'primary'>[];
  /** What may not get worse. */
  readonly guardrails?: readonly Metric<'guardrail'>[];
  /** What is looked at. Scores that no metric is of, latency and cost are added. */
  readonly secondary?: readonly Metric<'secondary'>[];
}

/** What the metrics function is given. `score` takes one of the evaluation's scorers, and refers to what it gives. */
export interface MetricScope<Listed extends AnyScorer> {
  readonly run: RunFactRefs;
  score<One extends AnyScorer>(scorer: One & IsListed<One, Listed, 'evaluation'>): Ref<ScoreOf<One>>;
}

export type IsListed<One extends AnyScorer, Listed, Of extends string> = [One] extends [Listed]
  ? unknown
  : WiringError<`'${One['id']}' is none of this ${Of}'s scorers`>;

/** What every evaluation shows. */
const ALWAYS = [
  ['latency', 'latencyMs'],
  ['cost', 'costUsd'],
] as const;

/** The same at run time. */
export function metricRefs(scorers: readonly AnyScorer[], at: string): { readonly [word: string]: object } {
  return Object.freeze({ run: refTo(RUN_FACTS, ['run']), score: scoreRefs(scorers, at) });
}

/** `score` of a metrics function: a listed scorer's scores as refs. */
export function scoreRefs(scorers: readonly AnyScorer[], at: string): (scorer: unknown) => object {
  return (scorer) => {
    const known = scorers.find((each) => each === scorer);
    if (known) return refTo(scoreSchema(known), ['score', known.id]);
    const id = (scorer as Partial<AnyScorer> | undefined)?.id;
    return refuse(
      'scorer_unlisted',
      `${at}: metrics: score() is given ${id === undefined ? show(scorer) : `'${id}'`}, which is none of its scorers`,
      'add it to scorers, or use one that is there',
    );
  };
}

/** The declared metrics in order of their roles, then those that follow from scorers and runs. */
export function metricSpecs(goals: unknown, scorers: readonly AnyScorer[], at: string): readonly MetricSpec[] {
  const declared = readGoals(goals, LIMITS.metrics, at).map((written) => toSpec(written, scorers, at));
  const all = [...declared, ...impliedBy(declared, scorers)];
  if (all.length > LIMITS.allMetrics)
    refuse(
      'limit_exceeded',
      `${at} has ${all.length} metrics with those of all scores`,
      `use at most ${LIMITS.allMetrics}; say 'detail' of scores that nobody reads`,
    );
  return Object.freeze(all.map((each) => Object.freeze(each)));
}

const KINDS: readonly string[] = ['mean', 'rate', 'share', 'win-rate'] satisfies MetricSpec['kind'][];
const isOfRuns = (kind: WrittenMetric['kind']): kind is MetricSpec['kind'] => KINDS.includes(kind);

function toSpec(written: WrittenMetric, scorers: readonly AnyScorer[], at: string): MetricSpec {
  const { name, role, kind, above, minimumEffect, margin } = written;
  const where = `${at}: metric '${name}'`;
  if (!isOfRuns(kind))
    return refuse(
      'metric_kind',
      `${where} is a ${kind}, which is of many runs of one unit`,
      'use it in an experiment; an evaluation has metric.mean, rate, share and winRate',
    );
  const read = findSource(written.value, scorers) ?? elsewhere(written, where);
  const { source, field, isPair } = read;
  if (isPair !== (kind === 'win-rate'))
    refuse(
      'metric_value',
      `${where} is a ${kind} of '${nameOf(written.value)}'`,
      isPair ? "a pair's scores are counted by metric.winRate" : 'metric.winRate counts the scores of a pair',
    );
  checkDirection(written, { better: field.better, isScore: source.from === 'score' }, where);
  checkReach(written, rangeOfField(field), where);
  const format = kind === 'mean' ? field.format : 'share';
  return { name, role, kind, source, above, better: field.better, format, minimumEffect, margin };
}

function elsewhere({ value }: WrittenMetric, at: string): never {
  return refuse(
    'metric_elsewhere',
    `${at} is of '${nameOf(value)}', which this evaluation does not have`,
    'use only what its metrics function is given: score and run',
  );
}

/** A secondary metric per score and fact that no declared one is of. */
function* impliedBy(declared: readonly MetricSpec[], scorers: readonly AnyScorer[]): Generator<MetricSpec> {
  const isNamed = (source: MetricSource) => declared.some((each) => sameSource(each.source, source));
  const rest = { role: 'secondary', above: null, minimumEffect: null, margin: null } as const;
  for (const scorer of scorers)
    for (const [field, { better, format }] of Object.entries(scorer.spec.fields)) {
      const source: MetricSource = { from: 'score', scorer: scorer.id, field };
      if (!isNamed(source))
        yield { ...rest, name: `${scorer.id}.${field}`, kind: kindOf(scorer, field), source, better, format };
    }
  for (const [name, field] of ALWAYS) {
    const source: MetricSource = { from: 'run', field };
    if (!isNamed(source) && !declared.some((each) => each.name === name))
      yield { ...rest, name, kind: 'mean', source, better: 'lower', format: FACT_FIELDS[field].format };
  }
}

function kindOf(scorer: AnyScorer, field: string): MetricSpec['kind'] {
  if (scorer.kind === 'pair') return 'win-rate';
  return isBoolean(scoreSchema(scorer).shape[field]!) ? 'rate' : 'mean';
}

function sameSource(one: MetricSource, other: MetricSource): boolean {
  if (one.from === 'run') return other.from === 'run' && one.field === other.field;
  return other.from === 'score' && one.scorer === other.scorer && one.field === other.field;
}
