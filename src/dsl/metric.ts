/**
 * Metrics: one number per example or per unit, what it is to do, and by how much. They are made of refs to scores and to
 * what else is known of runs; which those are is known where the evaluation or the experiment is defined.
 */
import type { MetricSpec } from '../model/evaluation-spec.ts';
import type { OnlineKind } from '../model/experiment-spec.ts';
import { factsOf, type RefFacts, type Value } from './ref.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import { fieldsOf, isBoolean, rangeOf } from './shape.ts';

/** How a comparison of two runs ended, for the variant: only `metric.winRate` counts it. */
export type Win = 'win' | 'tie' | 'loss';

/** The score of a pair scorer. */
export interface PairScore {
  readonly win: Win;
}

/** The smallest effect worth having, in the metric's unit (a share: 0.03 is three points). */
export interface Goal {
  readonly minimumEffect?: number;
}

/** Which way is better, of a value that does not say so itself: what a node gives, as a metric of an experiment. */
export interface Direction {
  readonly better?: MetricSpec['better'];
}

/** A metric that is only looked at. */
export interface ShownMetric extends Metric<'secondary'> {
  /** It is looked at, and decides nothing. */
  observe(direction?: Direction): Metric<'secondary'>;
}

/** A metric that has been given no role yet; as it is, it is looked at. */
export interface OpenMetric extends ShownMetric {
  /** It is to be higher. */
  increase(goal?: Goal): Metric<'primary'>;
  /** It is to be lower. */
  decrease(goal?: Goal): Metric<'primary'>;
  /** It may not be worse than the baseline by more than this, in the metric's unit. */
  noWorseThan(margin: number, direction?: Direction): Metric<'guardrail'>;
}

/**
 * What metrics are made by, within the `metrics` of an evaluation or an experiment. Each is named, with letters, digits, '-'
 * and '_', and is then given a role: `.increase()` or `.decrease()` decides, with `{ minimumEffect }` where there is one worth
 * having; `.noWorseThan(margin)` may not get worse; `.observe()`, or nothing, is looked at.
 *
 * In an evaluation a metric is of one run per example. In an experiment it is of one unit: of all its runs, and of all that
 * was said of them, within the metric's window.
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
  /** How often something is true. Of a unit: whether it ever was. */
  rate: (name: string, value: Value<boolean>): OpenMetric => open(name, 'rate', value),
  /** How often a number is above a threshold. */
  share: (name: string, value: Value<number>, threshold: { readonly above: number }): OpenMetric =>
    open(name, 'share', value, { above: numberOf(threshold, 'above', `metric '${name}'`) }),
  /** How often the variant's answer is preferred to the baseline's; 0.5 is no difference. Of evaluations only. */
  winRate: (name: string, score: Value<PairScore>): OpenMetric => open(name, 'win-rate', score),
  /** The sum over a unit, where what is true counts 1. No unit counts for more than the cap. Of experiments only. */
  sum: (name: string, value: Value<number | boolean>, limit: { readonly cap: number }): OpenMetric => {
    const cap = numberOf(limit, 'cap', `metric '${name}'`);
    checkPositive(cap, `metric '${name}': cap`);
    return open(name, 'sum', value, { cap });
  },
  /** The sum of one over the sum of another, over all units of an arm. Of experiments only. */
  ratio: (name: string, numerator: Value<number | boolean>, denominator: Value<number | boolean>): OpenMetric =>
    open(name, 'ratio', numerator, { denominator: readRef(denominator, 'ratio', `metric '${name}': its denominator`) }),
  /** A quantile of units' means, such as 0.95: it is shown, and decides nothing. Of experiments only. */
  quantile: (name: string, quantile: number, value: Value<number>): ShownMetric => {
    if (!(Number.isFinite(quantile) && quantile > 0 && quantile < 1))
      refuse('metric_number', `metric '${name}': the quantile is ${show(quantile)}`, 'give a number between 0 and 1');
    return shown(writtenAs(name, 'quantile', value, { quantile }));
  },
});

type Kind = WrittenMetric['kind'];
type Wanted = readonly [what: string, fits: (value: RefFacts) => boolean];

const A_NUMBER: Wanted = ['a number', ({ schema }) => rangeOf(schema) !== undefined];
const COUNTABLE: Wanted = ['a number or a boolean', (ref) => A_NUMBER[1](ref) || isBoolean(ref.schema)];
const WANTED: { readonly [K in Kind]: Wanted } = {
  mean: A_NUMBER,
  rate: ['a boolean', ({ schema }) => isBoolean(schema)],
  share: A_NUMBER,
  'win-rate': ["a pair scorer's score", ({ schema }) => fieldsOf(schema)?.win !== undefined],
  sum: COUNTABLE,
  ratio: COUNTABLE,
  quantile: A_NUMBER,
};

const NONE = {
  ...{ denominator: null, above: null, cap: null, quantile: null },
  ...{ better: null, minimumEffect: null, margin: null },
} as const;

function writtenAs(name: string, kind: Kind, ref: unknown, given: Partial<WrittenMetric>) {
  checkName(name, 'a metric named');
  return { ...NONE, ...given, name, kind, value: readRef(ref, kind, `metric '${name}'`), role: 'secondary' } as const;
}

function open(name: string, kind: Kind, ref: unknown, given: Partial<WrittenMetric> = {}): OpenMetric {
  const written = writtenAs(name, kind, ref, given);
  const at = `metric '${name}'`;
  const primary = (better: 'higher' | 'lower', goal: Goal = {}) => {
    checkKeys(goal, ['minimumEffect'], at);
    const { minimumEffect = null } = goal;
    if (minimumEffect !== null) checkPositive(minimumEffect, `${at}: minimumEffect`);
    return remember({ ...written, role: 'primary', better, minimumEffect });
  };
  return shown(written, {
    increase: (goal?: Goal) => primary('higher', goal),
    decrease: (goal?: Goal) => primary('lower', goal),
    noWorseThan: (margin: number, direction?: Direction) => {
      checkPositive(margin, `${at}: its margin`);
      return remember({ ...written, role: 'guardrail', margin, better: betterOf(direction, at) });
    },
  });
}

function shown<More extends object>(written: WrittenMetric & { readonly role: 'secondary' }, more?: More) {
  const observe = (direction?: Direction) =>
    remember({ ...written, better: betterOf(direction, `metric '${written.name}'`) });
  return remember(written, { observe, ...more } as { readonly observe: typeof observe } & More);
}

/** @param at names the metric, for messages */
function readRef(ref: unknown, kind: Kind, at: string): RefFacts {
  const value = factsOf(ref);
  const [what, fits] = WANTED[kind];
  if (value && fits(value)) return value;
  return refuse(
    'metric_value',
    `${at} is of ${value ? `'${value.source.join('.')}'` : show(ref)}, which is no ref to ${what}`,
    `${ref === undefined ? 'is a field misspelt? ' : ''}give a score, score(scorer).field, or a fact of the run, such as run.costUsd`,
  );
}

function betterOf(direction: Direction = {}, at: string): MetricSpec['better'] | null {
  checkKeys(direction, ['better'], at);
  const { better = null } = direction;
  if (better !== null && better !== 'higher' && better !== 'lower')
    refuse('metric_direction', `${at}: better is ${show(better)}`, "use 'higher' or 'lower'");
  return better;
}

function numberOf<Key extends string>(given: { readonly [K in Key]: number }, key: Key, at: string): number {
  checkKeys(given, [key], at);
  const value = given[key];
  if (!Number.isFinite(value)) refuse('metric_number', `${at}: ${key} is ${show(value)}`, 'give a finite number');
  return value;
}

function checkPositive(value: unknown, at: string): void {
  if (!(Number.isFinite(value) && (value as number) > 0))
    refuse('metric_number', `${at} is ${show(value)}`, 'give a number above 0, in the unit of the metric');
}

/** A metric that has a role: `primary` decides, a `guardrail` may not get worse, `secondary` is looked at. */
export interface Metric<out Role extends MetricSpec['role']> {
  readonly name: string;
  readonly role: Role;
}

/** A metric as data, its refs not yet looked up. */
export interface WrittenMetric extends Pick<MetricSpec, 'name' | 'role' | 'above' | 'minimumEffect' | 'margin'> {
  readonly kind: MetricSpec['kind'] | OnlineKind;
  /** A ratio's numerator. */
  readonly value: RefFacts;
  /** Of `ratio` only. */
  readonly denominator: RefFacts | null;
  /** Of `sum` only. */
  readonly cap: number | null;
  /** Of `quantile` only. */
  readonly quantile: number | null;
  /** Which way is better, where it was said. */
  readonly better: MetricSpec['better'] | null;
}

const WRITTEN = new WeakMap<object, WrittenMetric>();

/** What authors hold of a metric, with what may be done to it next. */
function remember<Role extends MetricSpec['role'], More>(
  written: WrittenMetric & { readonly role: Role },
  more?: More,
): Metric<Role> & More {
  const made = Object.freeze({ name: written.name, role: written.role, ...more }) as Metric<Role> & More;
  WRITTEN.set(made, written);
  return made;
}

/** What a metric says; refuses anything else. */
export function writtenOf(given: unknown, at: string): WrittenMetric {
  const written = typeof given === 'object' && given !== null ? WRITTEN.get(given) : undefined;
  return (
    written ?? refuse('not_a_metric', `${at} holds ${show(given)}`, "write metric.mean('name', score(scorer).field)")
  );
}

/** What a ref of a metric refers to, as messages say it: `grounded.score`, `costUsd`. */
export const nameOf = ({ source }: RefFacts): string => source.slice(1).join('.');
