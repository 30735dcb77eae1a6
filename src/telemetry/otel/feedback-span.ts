/** Feedback as a span of its own in its run's trace: it comes later, and a span that was sent is not sent again. */
import {
  ATTR_GEN_AI_EVALUATION_EXPLANATION,
  ATTR_GEN_AI_EVALUATION_NAME,
  ATTR_GEN_AI_EVALUATION_SCORE_LABEL,
  ATTR_GEN_AI_EVALUATION_SCORE_VALUE,
  EVENT_GEN_AI_EVALUATION_RESULT,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Json } from '../../plan/plan.ts';
import type { FeedbackRow } from '../../store/feedback.ts';
import { cutText } from './content.ts';
import { type Attributes, type SpanData, spanIdOf, traceIdOf } from './span-data.ts';
import { rootIdOf } from './spans.ts';

/** @param hasContent whether notes and texts go along */
export function feedbackSpan(feedback: FeedbackRow, hasContent: boolean): SpanData {
  const { feedbackId, runId, at, receivedAt, by, isSimulated } = feedback;
  return {
    ...{ traceId: traceIdOf(runId), spanId: spanIdOf(runId, `feedback ${feedbackId}`), parentId: rootIdOf(runId) },
    ...{ name: 'feedback', kind: 'internal', startedAt: at, endedAt: Math.max(receivedAt, at) },
    attributes: {
      'openinference.span.kind': 'EVALUATOR',
      'sluice.run.id': runId,
      'sluice.feedback.id': feedbackId,
      'sluice.feedback.simulated': isSimulated ? true : undefined,
      'sluice.feedback.by': hasContent ? (by ?? undefined) : undefined,
    },
    events: resultsOf(feedback, hasContent).map((attributes) => ({
      ...{ name: EVENT_GEN_AI_EVALUATION_RESULT, at, attributes },
    })),
  };
}

function resultsOf({ thumb, score, emoji, note, fields }: FeedbackRow, hasContent: boolean): readonly Attributes[] {
  const explained = { [ATTR_GEN_AI_EVALUATION_EXPLANATION]: hasContent && note !== null ? cutText(note) : undefined };
  const named = (name: string, more: Attributes) => ({ [ATTR_GEN_AI_EVALUATION_NAME]: name, ...more, ...explained });
  return [
    ...(thumb === null
      ? []
      : [
          named('thumb', {
            [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: thumb,
            [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: thumb === 1 ? 'up' : 'down',
          }),
        ]),
    ...(score === null ? [] : [named('score', { [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: score })]),
    ...(emoji === null ? [] : [named('emoji', { [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: emoji })]),
    ...(thumb === null && score === null && emoji === null && note !== null ? [named('note', {})] : []),
    ...Object.entries(fields ?? {}).flatMap(([name, value]) =>
      fieldOf(value, hasContent).map((said) => named(name, said)),
    ),
  ];
}

/** Numbers and truths are scores; texts are content. */
function fieldOf(value: Json, hasContent: boolean): readonly Attributes[] {
  if (typeof value === 'number') return [{ [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: value }];
  if (typeof value === 'boolean')
    return [
      { [ATTR_GEN_AI_EVALUATION_SCORE_VALUE]: Number(value), [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: String(value) },
    ];
  if (typeof value === 'string' && hasContent) return [{ [ATTR_GEN_AI_EVALUATION_SCORE_LABEL]: cutText(value, 200) }];
  return [];
}
