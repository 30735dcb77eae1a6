/**
 * What a metric is of: a fact of the run, or a score of one of the evaluation's scorers, with which way is better there and
 * how far its values can be apart.
 */
import type { MetricSource, MetricSpec, RunField, ScoreField } from '../evaluation/spec.ts';
import type { WrittenMetric } from './metric.ts';
import type { RefFacts } from './ref.ts';
import { refuse } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';

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

/** Looks a metric's ref up among the facts of the run and the evaluation's scorers. */
export function readSource({ source: [head, id, name] }: RefFacts, scorers: readonly AnyScorer[], at: string): Read {
  if (head === 'run' && id !== undefined && Object.hasOwn(FACT_FIELDS, id)) {
    const field = id as RunField;
    return { source: { from: 'run', field }, field: FACT_FIELDS[field], isPair: false };
  }
  const scorer = head === 'score' ? scorers.find((each) => each.id === id) : undefined;
  const isPair = scorer?.kind === 'pair';
  const field = isPair ? 'win' : (name ?? '');
  const score = scorer?.spec.fields[field];
  if (!scorer || !score)
    return refuse(
      'metric_elsewhere',
      `${at} is of '${[id, name].filter((part) => part !== undefined).join('.')}', which this evaluation does not have`,
      'use only what its metrics function is given: score and run',
    );
  return { source: { from: 'score', scorer: scorer.id, field }, field: score, isPair };
}

/** Three points of a share are 0.03: an effect that no value can have was meant in another unit. */
export function checkReach(
  { kind, above, minimumEffect, margin, value }: WrittenMetric,
  field: ScoreField,
  at: string,
): void {
  const best = field.best ?? (field.better === 'higher' ? Infinity : -Infinity);
  const [least, most] = [Math.min(field.worst, best), Math.max(field.worst, best)];
  const name = value.source.slice(1).join('.');
  if (above !== null && (above < least || above >= most))
    refuse(
      'metric_reach',
      `${at}: '${name}' is ${above < least ? 'always' : 'never'} above ${above}`,
      'choose a threshold that some values are above, and others are not',
    );
  const reach = kind === 'mean' ? most - least : 1;
  for (const [what, size] of Object.entries({ minimumEffect, 'its margin': margin }))
    if (size !== null && size >= reach)
      refuse(
        'metric_reach',
        `${at}: ${what} is ${size}, but no two values are further apart than ${reach}`,
        'state it in the unit of the metric: three points of a share are 0.03',
      );
}
