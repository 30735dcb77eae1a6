/** A trace as spans. Their ids follow from the run's, so that what is sent twice is the same twice. */
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_WORKFLOW_NAME,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Json } from '../../plan/plan.ts';
import type { Span, Trace, TraceAttempt, TraceCall, TraceNode } from '../trace.ts';
import { callAttributes, callSpanName } from './call-span.ts';
import { cutText, inAndOut, isObject } from './content.ts';
import { stepAttributes } from './passages.ts';
import { type Attributes, type SpanData, spanIdOf, traceIdOf } from './span-data.ts';

/** Within which a span lies whose own times are not known. */
interface Around {
  readonly parentId: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The spans of a run that has ended, the root first.
 *
 * @param hasContent whether inputs, outputs, prompts and answers go along
 */
export function spansOf(trace: Trace, hasContent: boolean): readonly SpanData[] {
  const { runId, pipeline } = trace;
  const from = trace.startedAt!;
  const to = Math.max(trace.endedAt ?? from, from);
  const spanId = rootIdOf(runId);
  const around = { parentId: spanId, from, to };
  const root: SpanData = {
    ...{ traceId: traceIdOf(runId), spanId, name: `${GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW} ${pipeline}` },
    ...{ kind: 'internal', startedAt: from, endedAt: to, events: [] },
    ...failureOf(trace.error, trace.state === 'failed' ? 'failed' : undefined),
    attributes: { ...rootAttributes(trace), ...(hasContent && inAndOut(trace)) },
  };
  return [root, ...trace.nodes.flatMap((node) => nodeSpans(trace, node, around, hasContent))];
}

export const rootIdOf = (runId: string): string => spanIdOf(runId, 'run');

function rootAttributes({ runId, pipeline, planId, state, arms, spent, error, temporalUrl, nodes }: Trace): Attributes {
  const uncalled = [...stepsIn(nodes)].filter(({ outcome }) => outcome === 'skipped' || outcome === 'blocked');
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
    [ATTR_GEN_AI_WORKFLOW_NAME]: pipeline,
    [ATTR_ERROR_TYPE]: codeOf(error),
    'openinference.span.kind': 'CHAIN',
    'sluice.run.id': runId,
    'sluice.plan.id': planId,
    'sluice.outcome': state,
    'sluice.arms': list(Object.entries(arms).map(([experiment, arm]) => `${experiment}:${arm}`)),
    'sluice.cost_usd': spent.costUsd ?? undefined,
    'sluice.calls.unknown_cost': spent.unknownCalls > 0 ? spent.unknownCalls : undefined,
    'sluice.nodes.not_called': list(uncalled.map(({ key, outcome }) => `${key} ${outcome}`)),
    'sluice.temporal.url': temporalUrl,
  };
}

const list = (items: readonly string[]) => (items.length === 0 ? undefined : items);

function* stepsIn(nodes: readonly TraceNode[]): Generator<TraceNode> {
  for (const node of nodes) {
    if (node.kind === 'step') yield node;
    yield* stepsIn(node.nodes);
  }
}

/** What was never called, and what holds nothing that was, has no times: the root names it. */
const isCalled = ({ attempts, nodes }: TraceNode): boolean => attempts.length > 0 || nodes.some(isCalled);

function nodeSpans(trace: Trace, node: TraceNode, around: Around, hasContent: boolean): readonly SpanData[] {
  const { key, name, kind, step, outcome, error, queuedMs, attempts, nodes } = node;
  if (!isCalled(node)) return [];
  const isStep = kind === 'step';
  const span = spanWithin(trace, `${kind} ${key}`, node, around, {
    name,
    ...failureOf(error, outcome === 'failed' || outcome === 'lost' ? outcome : undefined),
    attributes: {
      ...(isStep ? stepAttributes(node, hasContent) : { 'openinference.span.kind': 'CHAIN' }),
      [ATTR_ERROR_TYPE]: codeOf(error),
      'sluice.node.key': key,
      'sluice.node.kind': kind,
      'sluice.step': step ?? undefined,
      'sluice.outcome': outcome ?? undefined,
      'sluice.attempts': isStep ? attempts.length : undefined,
      'sluice.queued_ms': queuedMs ?? undefined,
      'sluice.cost_usd': node.spent?.costUsd ?? undefined,
      ...(hasContent && isStep && inAndOut(node)),
    },
  });
  const inside = { parentId: span.spanId, from: span.startedAt, to: span.endedAt };
  return [
    span,
    ...attemptSpans(trace, node, inside, hasContent),
    ...nodes.flatMap((each) => nodeSpans(trace, each, inside, hasContent)),
  ];
}

/** The only attempt, where it succeeded, is the node run itself: its calls stand directly under that. */
function attemptSpans(trace: Trace, { key, attempts }: TraceNode, around: Around, hasContent: boolean) {
  const callsOf = ({ calls }: TraceAttempt, within: Around) =>
    calls.map((call) => callSpan(trace, call, within, hasContent));
  if (attempts.length === 1 && attempts[0]!.outcome === 'completed') return callsOf(attempts[0]!, around);
  return attempts.flatMap((attempt, place) => {
    const { call, attempt: number, outcome, step, worker, queuedMs, error } = attempt;
    // One of which nothing came back was over when the next began.
    const to = attempts[place + 1]?.startedAt ?? around.to;
    const span = spanWithin(
      trace,
      `attempt ${key} ${call} ${number}`,
      attempt,
      { ...around, to },
      {
        name: call === 'step' ? 'attempt' : 'fallback attempt',
        ...failureOf(error, outcome === 'completed' ? undefined : outcome),
        attributes: {
          ...{ 'openinference.span.kind': 'CHAIN', [ATTR_ERROR_TYPE]: codeOf(error) },
          ...{ 'sluice.node.key': key, 'sluice.attempt': number, 'sluice.call': call, 'sluice.outcome': outcome },
          ...{ 'sluice.step': step ?? undefined, 'sluice.worker': worker ?? undefined },
          'sluice.queued_ms': queuedMs ?? undefined,
        },
      },
    );
    return [span, ...callsOf(attempt, { parentId: span.spanId, from: span.startedAt, to: span.endedAt })];
  });
}

function callSpan(trace: Trace, call: TraceCall, around: Around, hasContent: boolean): SpanData {
  const { callId, status, errorCode, startedAt, finishedAt: endedAt } = call;
  const failure = status === 'done' ? undefined : (errorCode ?? status);
  return spanWithin(trace, `call ${callId}`, { startedAt, endedAt }, around, {
    name: callSpanName(call),
    kind: 'client',
    ...(failure !== undefined && { failure }),
    attributes: callAttributes(call, hasContent),
  });
}

type Said = Pick<SpanData, 'name' | 'attributes'> & Partial<Pick<SpanData, 'kind' | 'failure'>>;

/** A time that is not known is its surroundings', and marked as such. */
function spanWithin({ runId }: Trace, path: string, span: Span, around: Around, said: Said): SpanData {
  const startedAt = span.startedAt ?? around.from;
  const isKnown = span.startedAt !== null && span.endedAt !== null;
  return {
    ...{ traceId: traceIdOf(runId), spanId: spanIdOf(runId, path), parentId: around.parentId },
    ...{ kind: 'internal', startedAt, endedAt: Math.max(span.endedAt ?? around.to, startedAt), events: [] },
    ...said,
    attributes: { ...said.attributes, ...(!isKnown && { 'sluice.time.estimated': true }) },
  };
}

/** @param otherwise what is said where it has no message of its own; absent: it went well in the end */
function failureOf(error: Json, otherwise: string | undefined): Pick<SpanData, 'failure'> {
  if (otherwise === undefined) return {};
  return { failure: isObject(error) && typeof error.message === 'string' ? cutText(error.message, 1_000) : otherwise };
}

const codeOf = (error: Json): string | undefined =>
  isObject(error) && typeof error.code === 'string' ? error.code : undefined;
