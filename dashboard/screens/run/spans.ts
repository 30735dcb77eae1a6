/** A run's trace as lines of one tree: the run, its nodes, their attempts and the calls in them. */
import type { Spending } from '../../../src/store/spending.ts';
import type { Span, Trace, TraceAttempt, TraceCall, TraceNode } from '../../../src/telemetry/trace.ts';

/** As the API gives it. */
export type RunTrace = Trace & { readonly unit: string | null };

export type Subject =
  | { readonly is: 'run'; readonly run: RunTrace }
  | { readonly is: 'node'; readonly node: TraceNode }
  | { readonly is: 'attempt'; readonly attempt: TraceAttempt; readonly node: TraceNode }
  | { readonly is: 'call'; readonly call: TraceCall; readonly node: TraceNode };

export interface Line extends Span {
  readonly id: string;
  /** The line that it is nested in. */
  readonly parent: string | null;
  /** From 1. */
  readonly level: number;
  readonly title: string;
  /** What runs there: `generate@2`, `chat gpt-5-mini`. */
  readonly detail: string | null;
  readonly outcome: string | null;
  readonly queuedMs: number | null;
  /** When the work began, which may be after a wait. */
  readonly worksFrom: number | null;
  readonly tokens: number | null;
  readonly costUsd: number | null;
  /** Its cost is a lower bound. */
  readonly isAtLeast: boolean;
  readonly hasInside: boolean;
  readonly subject: Subject;
}

const SMALL = 60;

/** All lines, each before what is nested in it. */
export function linesOf(run: RunTrace): readonly Line[] {
  const root: Line = {
    ...{ id: 'run', parent: null, level: 1, title: run.pipeline, detail: null, outcome: run.state, queuedMs: null },
    ...{ startedAt: run.startedAt, endedAt: run.endedAt, worksFrom: run.startedAt, ...spentOf(run.spent) },
    ...{ hasInside: run.nodes.length > 0, subject: { is: 'run', run } },
  };
  return [root, ...run.nodes.flatMap((node) => nodeLines(node, root))];
}

/** Those that are closed at first: what is inside of ordinary calls, where there is much of it. */
export const closedAtFirst = (lines: readonly Line[]): ReadonlySet<string> =>
  new Set(
    lines.length <= SMALL
      ? []
      : lines.filter(({ level, hasInside, outcome }) => hasInside && level > 2 && !isBad(outcome)).map(({ id }) => id),
  );

/** Those that are seen while these are closed. */
export function seenLines(lines: readonly Line[], closed: ReadonlySet<string>): readonly Line[] {
  const hidden = new Set<string>();
  return lines.filter(({ id, parent }) => {
    const isHidden = parent !== null && (closed.has(parent) || hidden.has(parent));
    if (isHidden) hidden.add(id);
    return !isHidden;
  });
}

function nodeLines(node: TraceNode, parent: Line): Line[] {
  const { attempts } = node;
  // A single attempt that went well says nothing that its node does not: its calls stand under the node.
  const isPlain = attempts.length === 1 && attempts[0]!.outcome === 'completed' && attempts[0]!.call === 'step';
  const inside = isPlain ? attempts[0]!.calls.length : attempts.length;
  const line: Line = {
    ...{ id: node.key, parent: parent.id, level: parent.level + 1, title: titleOf(node), detail: node.step },
    ...{ outcome: node.outcome, queuedMs: node.queuedMs, startedAt: node.startedAt, endedAt: node.endedAt },
    // A node's span begins with its wait, an attempt's after it.
    worksFrom: node.startedAt === null ? null : node.startedAt + (node.queuedMs ?? 0),
    ...spentOf(node.spent ?? sumOf(node)),
    ...{ hasInside: node.nodes.length + inside > 0, subject: { is: 'node', node } },
  };
  return [
    line,
    ...(isPlain
      ? attempts[0]!.calls.map((call) => callLine(call, node, line))
      : attempts.flatMap((attempt) => attemptLines(attempt, node, line))),
    ...node.nodes.flatMap((inner) => nodeLines(inner, line)),
  ];
}

const titleOf = ({ key, name }: TraceNode): string => (key.endsWith(']') && key.startsWith(name) ? key : name);

function attemptLines(attempt: TraceAttempt, node: TraceNode, parent: Line): Line[] {
  const { call, startedAt, endedAt, outcome, queuedMs, calls, step } = attempt;
  const line: Line = {
    ...{ id: `${node.key} ${call} ${attempt.attempt}`, parent: parent.id, level: parent.level + 1, startedAt, endedAt },
    ...{
      title: `${call === 'fallback' ? 'fallback, ' : ''}attempt ${attempt.attempt}`,
      detail: step,
      outcome,
      queuedMs,
    },
    ...{ worksFrom: startedAt, tokens: null, costUsd: null, isAtLeast: false, hasInside: calls.length > 0 },
    subject: { is: 'attempt', attempt, node },
  };
  return [line, ...calls.map((inner) => callLine(inner, node, line))];
}

function callLine(call: TraceCall, node: TraceNode, parent: Line): Line {
  const { callId, kind, model, provider, status, startedAt, finishedAt, inputTokens, outputTokens, costUsd } = call;
  return {
    ...{ id: callId, parent: parent.id, level: parent.level + 1, title: `${kind} ${model}`, detail: provider },
    ...{
      outcome: status,
      queuedMs: null,
      startedAt,
      endedAt: finishedAt,
      worksFrom: startedAt,
      costUsd,
      isAtLeast: false,
    },
    // What is made of none, a ranking, says that it is 0.
    tokens: (inputTokens ?? 0) + (outputTokens ?? 0) || null,
    ...{ hasInside: false, subject: { is: 'call', call, node } },
  };
}

type Spent = Pick<Line, 'tokens' | 'costUsd' | 'isAtLeast'>;

function spentOf(spent: Spending | null): Spent {
  if (spent === null || spent.paidCalls === 0) return { tokens: null, costUsd: null, isAtLeast: false };
  const { inputTokens, outputTokens, costUsd, unknownCalls } = spent;
  // The sums are of what is known: nothing is known where they are 0.
  return { tokens: inputTokens + outputTokens || null, costUsd, isAtLeast: unknownCalls > 0 && costUsd !== null };
}

/** Of a container: what the nodes in it have cost. */
function sumOf({ nodes }: TraceNode): Spending | null {
  const all = nodes.flatMap((node) => node.spent ?? sumOf(node) ?? []);
  if (all.length === 0) return null;
  const sum = (of: (spending: Spending) => number) => all.reduce((total, each) => total + of(each), 0);
  const known = all.filter(({ costUsd }) => costUsd !== null);
  return {
    paidCalls: sum(({ paidCalls }) => paidCalls),
    costUsd: known.length === 0 ? null : known.reduce((total, { costUsd }) => total + costUsd!, 0),
    unknownCalls: sum(({ unknownCalls }) => unknownCalls),
    estimatedCalls: sum(({ estimatedCalls }) => estimatedCalls),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  };
}

const BAD: ReadonlySet<string> = new Set(['failed', 'lost', 'cut']);
const SECOND: ReadonlySet<string> = new Set(['fallback', 'or-else', 'exhausted', 'truncated', 'degraded']);
const IDLE: ReadonlySet<string> = new Set(['skipped', 'blocked', 'cancelled']);
const UNDER_WAY: ReadonlySet<string> = new Set(['running', 'open']);

const isBad = (outcome: string | null): boolean => outcome !== null && BAD.has(outcome);

export type Tone = 'fine' | 'second' | 'bad' | 'idle' | 'open';

/** Of a line: what has no outcome of its own went as far as it was begun. */
export const toneOfLine = ({ outcome, startedAt }: Line): Tone =>
  outcome === null && startedAt === null ? 'idle' : toneOf(outcome);

/** How an outcome is coloured; each is said in words, too. */
export function toneOf(outcome: string | null): Tone {
  if (outcome === null) return 'fine';
  if (BAD.has(outcome)) return 'bad';
  if (SECOND.has(outcome)) return 'second';
  if (IDLE.has(outcome)) return 'idle';
  return UNDER_WAY.has(outcome) ? 'open' : 'fine';
}

export const SIGNS: { readonly [T in Tone]: string } = { fine: '✓', second: '↷', bad: '✗', idle: '–', open: '…' };
