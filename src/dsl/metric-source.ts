/**
 * What a metric is of: a fact of the run, or a score of one of the scorers that are listed beside it, with which way is
 * better there and how far its values can be apart.
 */
import type { MetricSource, MetricSpec, RunField, ScoreField } from '../model/evaluation-spec.ts';
import type { RefFacts } from './ref.ts';
import { refuse } from './refuse.ts';
import type { AnyScorer } from './scorer.ts';
import { nameOf, type WrittenMetric } from './written-metric.ts';

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
