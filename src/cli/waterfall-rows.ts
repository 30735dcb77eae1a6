/** What a trace's lines say: of each node run, attempt and call what is worth a look, and no more. */

import { count, showMoney, showWhole } from '../base/format.ts';
import type { Json } from '../plan/plan.ts';
import type { Shown, Span, Trace, TraceAttempt, TraceCall, TraceNode } from '../telemetry/trace.ts';

export interface Row {
  readonly label: string;
  /** What is said beside the label, less loudly. */
  readonly aside: string;
  readonly span: Span;
  /** Since when it waited for a worker, and until when; null where it did not, or nobody knows. */
  readonly wait: Span | null;
  readonly tone: 'fine' | 'bad' | 'faint';
  /** Lines under it. */
  readonly notes: readonly string[];
  readonly inside: readonly Row[];
}

/** @param hasContent whether what was given and what came back is shown */
export const rootRow = (trace: Trace, hasContent: boolean): Row => ({
  ...{ label: trace.pipeline, aside: '', span: trace, wait: null, tone: trace.error === null ? 'fine' : 'bad' },
  notes: errorNotes(trace.error),
  inside: trace.nodes.map((node) => nodeRow(node, hasContent)),
});

function nodeRow(node: TraceNode, hasContent: boolean): Row {
  const { name, step, outcome, attempts, error, queuedMs, kind } = node;
  const isPlain = attempts.length === 1 && attempts[0]!.outcome === 'completed';
  const isRemarkable = outcome !== null && outcome !== 'completed';
  const aside = [
    ...(step === null ? [] : [step]),
    ...(kind === 'repeat'
      ? [count(node.nodes.length, 'round')]
      : kind === 'map'
        ? [count(node.nodes.length, 'item')]
        : []),
    ...(isRemarkable ? [outcome] : []),
    ...(attempts.length > 1 ? [count(attempts.length, 'attempt')] : []),
  ];
  const isBad = outcome === 'failed' || outcome === 'lost';
  const inside = isPlain
    ? attempts[0]!.calls.map((call) => callRow(call, hasContent))
    : attempts.map((each) => attemptRow(each, hasContent));
  return {
    ...{ label: name, aside: aside.join(' · '), span: node, wait: waitOf(node.startedAt, queuedMs) },
    tone: isBad ? 'bad' : outcome === 'skipped' || outcome === 'blocked' ? 'faint' : 'fine',
    // Where its attempts are shown, they say it.
    notes: [
      ...(attempts.length > 0 && !isPlain ? [] : errorNotes(error)),
      ...(hasContent && step !== null ? contentOf(node) : []),
    ],
    inside: [...inside, ...node.nodes.map((each) => nodeRow(each, hasContent))],
  };
}

const waitOf = (startedAt: number | null, queuedMs: number | null): Span | null =>
  startedAt === null || queuedMs === null ? null : { startedAt, endedAt: startedAt + queuedMs };

function attemptRow(attempt: TraceAttempt, hasContent: boolean): Row {
  const { call, outcome, error, worker, queuedMs } = attempt;
  const isFine = outcome === 'completed' || outcome === 'running';
  return {
    label: `${call === 'fallback' ? 'fallback, ' : ''}attempt ${attempt.attempt}`,
    aside: [
      ...(isFine && outcome !== 'running' ? [] : [outcome]),
      ...(isFine || worker === null ? [] : [`by ${worker}`]),
    ].join(' · '),
    ...{
      span: attempt,
      wait: waitOf(attempt.startedAt === null ? null : attempt.startedAt - (queuedMs ?? 0), queuedMs),
      tone: isFine ? 'fine' : 'bad',
    },
    notes: errorNotes(error),
    inside: attempt.calls.map((each) => callRow(each, hasContent)),
  };
}

function callRow(call: TraceCall, hasContent: boolean): Row {
  const { provider, model, status, errorCode, costUsd, usage, startedAt, finishedAt: endedAt } = call;
  const about = usage === 'estimated' ? '~' : '';
  const aside = [
    ...usageOf(call).map((used) => about + used),
    ...(costUsd === null ? [] : [about + showMoney(costUsd)]),
    ...(status === 'done' ? [] : [errorCode === null ? status : `${status} (${errorCode})`]),
  ];
  const isFine = status === 'done' || status === 'open';
  return {
    ...{ label: `${provider}/${model}`, aside: aside.join(' · ') },
    ...{ span: { startedAt, endedAt }, wait: null, tone: isFine ? 'faint' : 'bad' },
    notes: hasContent ? contentOf({ input: call.request, output: call.response }) : [],
    inside: [],
  };
}

/** What it was paid by: `573→28 tok`, `7 tok`, `1 unit`. */
function usageOf({ kind, inputTokens, outputTokens, searchUnits }: TraceCall): readonly string[] {
  const shown = (number: number | null) => (number === null ? '–' : showWhole(number));
  if (searchUnits !== null) return [count(searchUnits, 'unit')];
  if (inputTokens === null && outputTokens === null) return [];
  const writes = kind === 'text' || kind === 'data';
  return [writes ? `${shown(inputTokens)}→${shown(outputTokens)} tok` : `${shown(inputTokens)} tok`];
}

function errorNotes(error: Json): readonly string[] {
  if (error === null || typeof error !== 'object') return [];
  const { code, message } = error as { readonly [part: string]: Json };
  return [`✖ ${String(code)}: ${String(message)}`];
}

const contentOf = ({ input, output }: { readonly input: Shown; readonly output: Shown }): readonly string[] => [
  `in  ${textOf(input)}`,
  `out ${textOf(output)}`,
];

const textOf = (shown: Shown): string => ('value' in shown ? JSON.stringify(shown.value) : `– ${shown.missing}`);
