/**
 * Metrics: one number per example and variant, what it is to do, and by how much. They are made of refs to scores and to
 * the facts of the run; which scorers those are is known where the evaluation is defined.
 */
import type { MetricSpec } from '../evaluation/spec.ts';
import { factsOf, type RefFacts, type Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import { fieldsOf, isBoolean, rangeOf } from './shape.ts';

/** How a comparison of two runs ended, for the variant: only `metric.winRate` counts it. */
export type Win = 'win' | 'tie' | 'loss';

/** The score of a pair scorer. */
export interface PairScore {
  readonly win: Win;
}

/** A metric that has a role: `primary` decides, a `guardrail` may not get worse, `secondary` is looked at. */
export interface Metric<out Role extends MetricSpec['role']> {
  readonly name: string;
  readonly role: Role;
}

/** The smallest effect worth having, in the metric's unit (a share: 0.03 is three points). */
export interface Goal {
  readonly minimumEffect?: number;
}

/** A metric that has been given no role yet; as it is, it is looked at. */
export interface OpenMetric extends Metric<'secondary'> {
  /** It is to be higher. */
  increase(goal?: Goal): Metric<'primary'>;
  /** It is to be lower. */
  decrease(goal?: Goal): Metric<'primary'>;
  /** It may not be worse than the baseline by more than this, in the metric's unit. */
  noWorseThan(margin: number): Metric<'guardrail'>;
  /** It is looked at, and decides nothing. */
  observe(): Metric<'secondary'>;
}

/** A metric as data, its ref not yet looked up. */
export interface WrittenMetric
  extends Pick<MetricSpec, 'name' | 'role' | 'kind' | 'above' | 'minimumEffect' | 'margin'> {
  readonly value: RefFacts;
  /** Of a primary: the way it is to go. */
  readonly better: MetricSpec['better'] | null;
}

const WRITTEN = new WeakMap<object, WrittenMetric>();

/** What a metric says; refuses anything else. */
export function writtenOf(given: unknown, at: string): WrittenMetric {
  const written = typeof given === 'object' && given !== null ? WRITTEN.get(given) : undefined;
  return (
    written ?? refuse('not_a_metric', `${at} holds ${show(given)}`, "write metric.mean('name', score(scorer).field)")
  );
}

/**
 * What metrics are made by, within an evaluation's `metrics`. Each is named, with letters, digits, '-' and '_', and is then
 * given a role: `.increase()` or `.decrease()` decides, with `{ minimumEffect }` where there is one worth having;
 * `.noWorseThan(margin)` may not get worse; `.observe()`, or nothing, is looked at.
 *
 * @throws DefinitionError naming the metric, where its value is no such ref, or a number is none
 *
 * @example
 * metrics: ({ score, run }) => ({
 *   primary: [metric.mean('grounded', score(grounded).score).increase({ minimumEffect: 0.03 })],
 *   guardrails: [metric.rate('failed', run.failed).noWorseThan(0.01)],
 *   secondary: [metric.winRate('preferred', score(preferred)), metric.share('slow', run.latencyMs, { above: 5_000 })],
 * })
 */
export const metric = Object.freeze({
  /** The mean of a number. */
  mean: (name: string, value: Value<number>): OpenMetric => open(name, 'mean', value),
  /** How often something is true. */
  rate: (name: string, value: Value<boolean>): OpenMetric => open(name, 'rate', value),
  /** How often a number is above a threshold. */
  share: (name: string, value: Value<number>, threshold: { readonly above: number }): OpenMetric =>
    open(name, 'share', value, aboveOf(threshold, `metric '${name}'`)),
  /** How often the variant's answer is preferred to the baseline's; 0.5 is no difference. */
  winRate: (name: string, score: Value<PairScore>): OpenMetric => open(name, 'win-rate', score),
});

type Kind = MetricSpec['kind'];

const WANTED: { readonly [K in Kind]: readonly [what: string, fits: (value: RefFacts) => boolean] } = {
  mean: ['a number', ({ schema }) => rangeOf(schema) !== undefined],
  rate: ['a boolean', ({ schema }) => isBoolean(schema)],
  share: ['a number', ({ schema }) => rangeOf(schema) !== undefined],
  'win-rate': ["a pair scorer's score", ({ schema }) => fieldsOf(schema)?.win !== undefined],
};

function open(name: string, kind: Kind, ref: unknown, above: number | null = null): OpenMetric {
  checkName(name, 'a metric named');
  const at = `metric '${name}'`;
  const value = factsOf(ref);
  const [what, fits] = WANTED[kind];
  if (!value || !fits(value))
    return refuse(
      'metric_value',
      `${at} is of ${value ? `'${value.source.join('.')}'` : show(ref)}, which is no ref to ${what}`,
      `${ref === undefined ? 'is a field misspelt? ' : ''}give a score, score(scorer).field, or a fact of the run, such as run.costUsd`,
    );
  const written = {
    name,
    kind,
    value,
    above,
    role: 'secondary',
    better: null,
    minimumEffect: null,
    margin: null,
  } as const;
  const primary = (better: 'higher' | 'lower', goal: Goal = {}) => {
    checkKeys(goal, ['minimumEffect'], at);
    const { minimumEffect = null } = goal;
    if (minimumEffect !== null) checkPositive(minimumEffect, `${at}: minimumEffect`);
    return remember({ ...written, role: 'primary', better, minimumEffect });
  };
  return remember(written, {
    increase: (goal?: Goal) => primary('higher', goal),
    decrease: (goal?: Goal) => primary('lower', goal),
    noWorseThan: (margin: number) => {
      checkPositive(margin, `${at}: its margin`);
      return remember({ ...written, role: 'guardrail', margin });
    },
    observe: () => remember(written),
  });
}

function remember<Role extends MetricSpec['role'], More>(
  written: WrittenMetric & { readonly role: Role },
  more?: More,
): Metric<Role> & More {
  const made = Object.freeze({ name: written.name, role: written.role, ...more }) as Metric<Role> & More;
  WRITTEN.set(made, written);
  return made;
}

function aboveOf(threshold: { readonly above: number }, at: string): number {
  checkKeys(threshold, ['above'], at);
  const { above } = threshold;
  if (!Number.isFinite(above)) refuse('metric_number', `${at}: above is ${show(above)}`, 'give a finite number');
  return above;
}

function checkPositive(value: unknown, at: string): void {
  if (!(Number.isFinite(value) && (value as number) > 0))
    refuse('metric_number', `${at} is ${show(value)}`, 'give a number above 0, in the unit of the metric');
}
