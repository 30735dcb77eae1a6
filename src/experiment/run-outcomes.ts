/**
 * What a recorded run says of its unit: one outcome per metric of each experiment that it was in. What the run does not say
 * gives no outcome, and so is missing; it is never taken for 0.
 */

import type { RunAssignment } from '../model/assignment.ts';
import { type ExperimentSpec, type OnlineMetric, type OnlineSource, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { Json, RunOutcome } from '../plan/plan.ts';
import type { NewOutcome } from '../store/outcomes.ts';

export interface RecordedFacts {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** From the run's beginning to its end; null where its end is not known. */
  readonly latencyMs: number | null;
  /** Null where a call's cost is not known. */
  readonly costUsd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly finishedAt: number;
}

/** What a wiring over the finished run comes to; undefined where it comes to nothing. */
export type ReadValue = (source: OnlineSource & { readonly from: 'value' }) => Json | undefined;

/** Values beyond this are cut to it: sums of millionths have to stay whole numbers. */
const MOST = 1e9;

/** @param assignment of this run, in the experiment of `spec` */
export function outcomesOfRun(
  spec: ExperimentSpec,
  assignment: RunAssignment,
  facts: RecordedFacts,
  read: ReadValue,
): readonly NewOutcome[] {
  const { experiment, unit, armIndex } = assignment;
  const { runId, finishedAt } = facts;
  return spec.metrics.flatMap((metric, index) => {
    const value = outcomeOf(metric, facts, read);
    if (value === undefined) return [];
    return {
      ...{ experiment, unit, arm: armIndex, metric: index, runId, deliveryId: `run:${index}`, at: finishedAt },
      ...value,
    };
  });
}

type Scaled = Pick<NewOutcome, 'v' | 'd'>;

function outcomeOf(metric: OnlineMetric, facts: RecordedFacts, read: ReadValue): Scaled | undefined {
  const { source, denominator } = metric;
  const numerator = readSource(metric, source, facts, read);
  if (numerator === undefined) return undefined;
  if (denominator === null) return scaledValue(metric, numerator);
  const below = readSource(metric, denominator, facts, read);
  return below === undefined ? undefined : { v: scale(numerator), d: scale(below) };
}

/** One outcome of a metric, in millionths: of a share whether it is above, else the number itself. */
export function scaledValue({ kind, above }: OnlineMetric, value: number): Scaled {
  if (kind === 'share') return { v: value > above! ? VALUE_SCALE : 0 };
  return { v: scale(value) };
}

const scale = (value: number): number => Math.round(Math.max(-MOST, Math.min(MOST, value)) * VALUE_SCALE);

function readSource(
  metric: OnlineMetric,
  source: OnlineSource,
  facts: RecordedFacts,
  read: ReadValue,
): number | undefined {
  if (source.from === 'run') return factOf(source.field, facts);
  if (source.from !== 'value') return undefined; // scores and feedback come by themselves, later
  const value = read(source);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean') return Number(value);
  // A run that failed has no output to be true: else a variant would gain by failing where it would be wrong.
  return metric.kind === 'rate' && facts.outcome === 'failed' ? Number(metric.better === 'lower') : undefined;
}

type RunField = (OnlineSource & { readonly from: 'run' })['field'];

/** A run that was cancelled took as long as somebody let it: that is no latency. */
function factOf(field: RunField, facts: RecordedFacts): number | undefined {
  const { outcome, latencyMs, costUsd, inputTokens, outputTokens } = facts;
  if (field === 'failed' || field === 'degraded') return Number(outcome === field);
  if (outcome === 'cancelled') return undefined;
  switch (field) {
    case 'latencyMs':
      return latencyMs ?? undefined;
    case 'costUsd':
      return costUsd ?? undefined;
    case 'inputTokens':
      return inputTokens;
    case 'outputTokens':
      return outputTokens;
    default:
      return field satisfies never;
  }
}
