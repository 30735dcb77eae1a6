/**
 * Metrics as data: each ref looked up among the evaluation's scorers, and those added that nobody named, so that what was
 * scored is never left unreported.
 */
import type { MetricSource, MetricSpec } from '../evaluation/spec.ts';
import { LIMITS } from '../plan/limits.ts';
import { type Metric, type WrittenMetric, writtenOf } from './metric.ts';
import { checkReach, FACT_FIELDS, readSource } from './metric-source.ts';
import { type Ref, refTo } from './ref.ts';
import { checkKeys, refuse, show } from './refuse.ts';
import { RUN_FACTS, type RunFactRefs } from './scored-scope.ts';
import { type AnyScorer, type ScoreOf, scoreSchema } from './scorer.ts';
import { isBoolean } from './shape.ts';
import type { WiringError } from './wiring.ts';

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
  score<One extends AnyScorer>(scorer: One & IsListed<One, Listed>): Ref<ScoreOf<One>>;
}

type IsListed<One extends AnyScorer, Listed> = [One] extends [Listed]
  ? unknown
  : WiringError<`'${One['id']}' is none of this evaluation's scorers`>;

const ROLES = { primary: 'primary', guardrails: 'guardrail', secondary: 'secondary' } as const;

/** What every evaluation shows. */
const ALWAYS = [
  ['latency', 'latencyMs'],
  ['cost', 'costUsd'],
] as const;

/** The same at run time. */
export function metricRefs(scorers: readonly AnyScorer[], at: string): { readonly [word: string]: object } {
  return Object.freeze({
    run: refTo(RUN_FACTS, ['run']),
    score: (scorer: unknown) => {
      const known = scorers.find((each) => each === scorer);
      if (known) return refTo(scoreSchema(known), ['score', known.id]);
      const id = (scorer as Partial<AnyScorer> | undefined)?.id;
      return refuse(
        'scorer_unlisted',
        `${at}: metrics: score() is given ${id === undefined ? show(scorer) : `'${id}'`}, which is none of its scorers`,
        'add it to scorers, or use one that is there',
      );
    },
  });
}

/** The declared metrics in order of their roles, then those that follow from scorers and runs. */
export function metricSpecs(goals: unknown, scorers: readonly AnyScorer[], at: string): readonly MetricSpec[] {
  checkKeys(goals, Object.keys(ROLES), `${at}: metrics`);
  const declared = Object.entries(ROLES).flatMap(([key, role]) => {
    const list: unknown = (goals as Goals)[key as keyof Goals] ?? [];
    if (!Array.isArray(list)) return refuse('not_a_list', `${at}: ${key} is ${show(list)}`, 'write a list: [ ... ]');
    return list.map((given) => toSpec(writtenAs(role, given, `${at}: ${key}`), scorers, at));
  });
  if (!declared.some(({ role }) => role === 'primary'))
    refuse(
      'no_primary',
      `${at} has no primary metric`,
      "say what decides: primary: [metric.mean('name', score(scorer).field).increase()]",
    );
  checkCounts(declared, at);
  const all = [...declared, ...impliedBy(declared, scorers)];
  if (all.length > LIMITS.allMetrics)
    refuse(
      'limit_exceeded',
      `${at} has ${all.length} metrics with those of all scores`,
      `use at most ${LIMITS.allMetrics}; say 'detail' of scores that nobody reads`,
    );
  return Object.freeze(all.map((each) => Object.freeze(each)));
}

function writtenAs(role: MetricSpec['role'], given: unknown, at: string): WrittenMetric {
  const written = writtenOf(given, at);
  if (written.role === role) return written;
  return refuse(
    'metric_role',
    `${at} holds the ${written.role} metric '${written.name}'`,
    role === 'primary' ? 'end it in .increase(...) or .decrease(...)' : ROLE_REMEDIES[role],
  );
}

const ROLE_REMEDIES = {
  guardrail: 'end it in .noWorseThan(margin)',
  secondary: 'end it in .observe(), or move it where its role is',
} as const;

function checkCounts(declared: readonly MetricSpec[], at: string): void {
  if (declared.length > LIMITS.metrics)
    refuse('limit_exceeded', `${at} has ${declared.length} metrics`, `use at most ${LIMITS.metrics}`);
  const names = declared.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    refuse('metric_twice', `${at} has two metrics named '${twice}'`, 'give one another name', { metric: twice });
}

function toSpec(written: WrittenMetric, scorers: readonly AnyScorer[], at: string): MetricSpec {
  const { name, role, kind, above, minimumEffect, margin } = written;
  const where = `${at}: metric '${name}'`;
  const { source, field, isPair } = readSource(written.value, scorers, where);
  if (isPair !== (kind === 'win-rate'))
    refuse(
      'metric_value',
      `${where} is a ${kind} of '${written.value.source.slice(1).join('.')}'`,
      isPair ? "a pair's scores are counted by metric.winRate" : 'metric.winRate counts the scores of a pair',
    );
  const better = written.better ?? field.better;
  if (better !== field.better)
    refuse(
      'metric_direction',
      `${where} is to get ${better}, but ${field.better} is better of '${written.value.source.slice(1).join('.')}'`,
      `use ${better === 'higher' ? '.decrease' : '.increase'}${source.from === 'run' ? '' : `, or say better: '${better}' where the score is defined`}`,
    );
  checkReach(written, field, where);
  const format = kind === 'mean' ? field.format : 'share';
  return { name, role, kind, source, above, better, format, minimumEffect, margin };
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
