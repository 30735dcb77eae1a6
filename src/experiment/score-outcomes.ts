/** What a score says of its run's unit: an outcome per metric that is of it. */

import type { RunAssignment } from '../model/assignment.ts';
import type { RunFacts, Score } from '../model/evaluation-result.ts';
import type { ExperimentSpec, OnlineMetric, OnlineSource } from '../model/experiment-spec.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import { scaledValue } from './run-outcomes.ts';

export interface ScoredOutcome {
  readonly scorer: string;
  readonly runId: string;
  readonly score: Score;
  readonly facts: RunFacts;
  /** When the run ended: what it gave happened then, whenever it is scored. */
  readonly finishedAt: number;
}

/** @param assignment of this run, in the experiment of `spec` */
export function outcomesOfScore(
  { metrics }: Pick<ExperimentSpec, 'metrics'>,
  { experiment, unit, armIndex }: RunAssignment,
  scored: ScoredOutcome,
): readonly NewOutcome[] {
  const { scorer, runId, finishedAt: at } = scored;
  return metrics.flatMap((metric, index) => {
    const value = scoredValue(metric, scored);
    if (value === undefined) return [];
    return {
      experiment,
      unit,
      arm: armIndex,
      metric: index,
      runId,
      deliveryId: `score:${scorer}:${runId}`,
      at,
      ...value,
    };
  });
}

function scoredValue(metric: OnlineMetric, scored: ScoredOutcome): Pick<NewOutcome, 'v' | 'd'> | undefined {
  const { source, denominator } = metric;
  // Metrics of the run alone have been told when it was recorded.
  if (![source, denominator].some((each) => each?.from === 'score' && each.scorer === scored.scorer)) return undefined;
  const value = readSource(source, scored);
  if (value === undefined) return undefined;
  if (denominator === null) return scaledValue(metric, value);
  const below = readSource(denominator, scored);
  const plain = { ...metric, kind: 'mean' } as const;
  return below === undefined ? undefined : { v: scaledValue(plain, value).v, d: scaledValue(plain, below).v };
}

function readSource(source: OnlineSource, { scorer, score, facts }: ScoredOutcome): number | undefined {
  if (source.from === 'score') return source.scorer === scorer ? score[source.field] : undefined;
  if (source.from !== 'run') return undefined;
  const fact = facts[source.field];
  return fact === null ? undefined : Number(fact);
}
