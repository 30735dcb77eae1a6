/** Metrics as they were written: data behind the objects that authors hold, until the scorers are known that they are of. */
import type { MetricSpec } from '../model/evaluation-spec.ts';
import type { OnlineKind } from '../model/experiment-spec.ts';
import type { RefFacts } from './ref.ts';
import { refuse, show } from './refuse.ts';

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
export function remember<Role extends MetricSpec['role'], More>(
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
