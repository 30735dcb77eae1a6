/** What people said of a run's answer, as outcomes of the experiments that the run was in. */

import type { RunAssignment } from '../model/assignment.ts';
import { type ExperimentSpec, type FeedbackField, type OnlineSource, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { NewFeedback } from '../store/feedback.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import { scaledValue } from './run-outcomes.ts';

type Said = Pick<NewFeedback, 'feedbackId' | 'runId' | 'thumb' | 'score' | 'at'>;

export function outcomesOfFeedback(
  spec: ExperimentSpec,
  { experiment, unit, armIndex }: RunAssignment,
  said: Said,
): readonly NewOutcome[] {
  return spec.metrics.flatMap((metric, index) => {
    const value = readFeedback(metric.source, said);
    if (value === undefined) return [];
    const below = metric.denominator && readFeedback(metric.denominator, said);
    if (below === undefined) return [];
    return {
      ...{ experiment, unit, arm: armIndex, metric: index, runId: said.runId, at: said.at },
      deliveryId: `feedback:${said.feedbackId}`,
      ...scaledValue(metric, value),
      ...(below !== null && { d: Math.round(below * VALUE_SCALE) }),
    };
  });
}

function readFeedback(source: OnlineSource, said: Said): number | undefined {
  return source.from === 'feedback' ? fieldOf(source.field, said) : undefined;
}

/**
 * Somebody who says nothing of it has not said no: a note without a thumb is neither up nor down. Nor does it take back that
 * there was one: of a run the latest counts, and a note is most often written after the thumb.
 */
function fieldOf(field: FeedbackField, { thumb, score }: Said): number | undefined {
  switch (field) {
    case 'thumb':
      return thumb ?? undefined;
    case 'up':
      return thumb === null ? undefined : Number(thumb === 1);
    case 'down':
      return thumb === null ? undefined : Number(thumb === -1);
    case 'score':
      return score ?? undefined;
    case 'rated':
      return thumb === null && score === null ? undefined : 1;
    default:
      return field satisfies never;
  }
}
