/**
 * Metrics as data: each ref looked up among the evaluation's scorers, and those added that nobody named, so that what was
 * scored is never left unreported.
 */
import type { MetricSource, MetricSpec, RunField, ScoreField } from '../model/evaluation-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type Metric, nameOf, type WrittenMetric, writtenOf } from './metric.ts';
import { type Ref, type RefFacts, refTo, type WiringError } from './ref.ts';
import { checkKeys, refuse, show } from './refuse.ts';
import { RUN_FACTS, type RunFactRefs } from './scored-scope.ts';
import { type AnyScorer, type ScoreOf, scoreSchema } from './scorer.ts';
import { isBoolean } from './shape.ts';

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

/** What a metrics function returned: metrics under the roles that they were given. */
const ROLES = { primary: 'primary', guardrails: 'guardrail', secondary: 'secondary' } as const;

interface ByRole {
  readonly primary: readonly Metric<'primary'>[];
  readonly guardrails?: readonly Metric<'guardrail'>[];
  readonly secondary?: readonly Metric<'secondary'>[];
}

/**
 * The declared metrics in order of their roles.
 *
 * @param most how many there may be
 * @throws DefinitionError `not_a_list`, `not_a_metric`, `metric_role`, `no_primary`, `limit_exceeded`, `metric_twice`
 */
export function readGoals(goals: unknown, most: number, at: string): readonly WrittenMetric[] {
  checkKeys(goals, Object.keys(ROLES), `${at}: metrics`);
  const declared = Object.entries(ROLES).flatMap(([key, role]) => {
    const list: unknown = (goals as ByRole)[key as keyof ByRole] ?? [];
    if (!Array.isArray(list)) return refuse('not_a_list', `${at}: ${key} is ${show(list)}`, 'write a list: [ ... ]');
    return list.map((given) => writtenAs(role, given, `${at}: ${key}`));
  });
  if (!declared.some(({ role }) => role === 'primary'))
    refuse(
      'no_primary',
      `${at} has no primary metric`,
      "say what decides: primary: [metric.mean('name', score(scorer).field).increase()]",
    );
  if (declared.length > most)
    refuse('limit_exceeded', `${at} has ${declared.length} metrics`, `use at most ${most}`, { most });
  const names = declared.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    refuse('metric_twice', `${at} has two metrics named '${twice}'`, 'give one another name', { metric: twice });
  return declared;
}

function writtenAs(role: MetricSpec['role'], given: unknown, at: string): WrittenMetric {
  const written = writtenOf(given, at);
  if (written.role === role) return written;
  return refuse(
    'metric_role',
    `${at} holds the ${written.role} metric '${written.name}'`,
    written.kind === 'quantile'
      ? 'a quantile is only shown: metric.share(name, value, { above }) can decide'
      : REMEDIES[role],
  );
}

const REMEDIES = {
  primary: 'end it in .increase(...) or .decrease(...)',
  guardrail: 'end it in .noWorseThan(margin)',
  secondary: 'end it in .observe(), or move it where its role is',
} as const;

/** Facts of the run: lower is better in all of them, and only what is true or false has a worst. */
const fact = (format: MetricSpec['format'], worst = Infinity): ScoreField => ({
  better: 'lower',
  format,
  worst,
  best: 0,
});
export const FACT_FIELDS: { readonly [Field in RunField]: ScoreField } = {
  latencyMs: fact('ms'),
  costUsd: fact('usd'),
  inputTokens: fact('number'),
  outputTokens: fact('number'),
  failed: fact('share', 1),
  degraded: fact('share', 1),
};

/** What a metric is of. */
export interface Read {
  readonly source: MetricSource;
  readonly field: ScoreField;
  readonly isPair: boolean;
}

/** Looks a metric's ref up among the facts of the run and these scorers; undefined where it is neither. */
export function findSource({ source: [head, id, name] }: RefFacts, scorers: readonly AnyScorer[]): Read | undefined {
  if (head === 'run' && id !== undefined && Object.hasOwn(FACT_FIELDS, id)) {
    const field = id as RunField;
    return { source: { from: 'run', field }, field: FACT_FIELDS[field], isPair: false };
  }
  const scorer = head === 'score' ? scorers.find((each) => each.id === id) : undefined;
  const isPair = scorer?.kind === 'pair';
  const field = isPair ? 'win' : (name ?? '');
  const score = scorer?.spec.fields[field];
  return scorer && score && { source: { from: 'score', scorer: scorer.id, field }, field: score, isPair };
}

/** Refuses a metric that is to go, or said to be better, the other way than what it is of. */
export function checkDirection(
  { better, role, value }: WrittenMetric,
  known: { readonly better: ScoreField['better'] | null; readonly isScore: boolean },
  at: string,
): void {
  if (better === null || known.better === null || better === known.better) return;
  const isPrimary = role === 'primary';
  const elsewhere = known.isScore ? `, or say better: '${better}' where the score is defined` : '';
  refuse(
    'metric_direction',
    `${at} ${isPrimary ? 'is to get' : 'says better:'} ${better}, but ${known.better} is better of '${nameOf(value)}'`,
    `${isPrimary ? `use ${better === 'higher' ? '.decrease' : '.increase'}` : 'leave better out'}${elsewhere}`,
  );
}

/** Between which values all are; infinite where nothing bounds them. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

export function rangeOfField({ worst, best: stated, better }: ScoreField): Range {
  const best = stated ?? (better === 'higher' ? Infinity : -Infinity);
  return { least: Math.min(worst, best), most: Math.max(worst, best) };
}

/** Three points of a share are 0.03: an effect that no value can have was meant in another unit. */
export function checkReach(written: WrittenMetric, range: Range, at: string): void {
  const { above, minimumEffect, margin, value } = written;
  if (above !== null && (above < range.least || above >= range.most))
    refuse(
      'metric_reach',
      `${at}: '${nameOf(value)}' is ${above < range.least ? 'always' : 'never'} above ${above}`,
      'choose a threshold that some values are above, and others are not',
    );
  const reach = reachOf(written, range);
  for (const [what, size] of Object.entries({ minimumEffect, 'its margin': margin }))
    if (size !== null && size >= reach)
      refuse(
        'metric_reach',
        `${at}: ${what} is ${size}, but no two values are further apart than ${reach}`,
        'state it in the unit of the metric: three points of a share are 0.03',
      );
}

/** How far apart two values of the metric can be. Only above is a sum capped. */
function reachOf({ kind, cap }: WrittenMetric, { least, most }: Range): number {
  if (kind === 'mean') return most - least;
  if (kind === 'sum') return least < 0 ? Infinity : (cap ?? Infinity);
  return kind === 'ratio' ? Infinity : 1;
}
