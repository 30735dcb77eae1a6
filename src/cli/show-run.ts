/** A run as its reader wants it: the answer first, then what it took, then where to look further. */
import { count, shortId, showDuration, showMoney, showWhole } from '../base/format.ts';
import { webUrl } from '../base/web-url.ts';
import type { NodeResult, RunResult } from '../client/run-result.ts';
import type { Json } from '../plan/plan.ts';
import type { ProviderCallRow } from '../store/provider-calls.ts';
import type { Spending } from '../store/spending.ts';
import { flow, tableLines, wrap } from './table.ts';
import type { Terminal } from './terminal.ts';

/**
 * Prints a run. What failed goes to stderr, in three parts, like any error.
 *
 * @param hasTimes whether each node's time, and what it all cost, is said in a line
 */
export function showRun(terminal: Terminal, run: RunResult, { hasTimes = true } = {}): void {
  if (run.outcome === 'failed' || run.outcome === 'cancelled') {
    for (const line of failureLines(run)) terminal.warn(line);
    if (hasTimes) for (const line of flow(spendingOf(run), terminal.width)) terminal.print(terminal.colours.dim(line));
  } else showAnswer(terminal, run, hasTimes);
}

function showAnswer(terminal: Terminal, run: RunResult, hasTimes: boolean): void {
  const { colours, width } = terminal;
  for (const line of answerLines(run.output, width)) terminal.print(line);
  if (hasTimes) for (const line of flow(timesOf(run), width)) terminal.print(colours.dim(line));
  if (Object.keys(run.arms).length > 0)
    for (const line of wrap(armsLine(run.arms), width)) terminal.print(colours.dim(line));
  if (run.degraded) for (const line of wrap(degradedLine(run.nodes), width)) terminal.print(line);
  terminal.print(colours.dim(`  ${run.temporalUrl}`));
}

/** Said under an address in the UI of a server that ends with the command, or does not run. */
export function showEphemeral(terminal: Terminal): void {
  terminal.print(terminal.colours.dim('  that address answers while `sluice dev` runs here; the run is kept'));
}

/** `enhance 4 ms`, `vector 9 ms`, `draft[2] 1.8 s $0.0012`, `2 s in all`, `$0.0012`, `3,120 tokens in, 410 out`. */
function timesOf(run: RunResult): string[] {
  const steps = run.nodes.filter(({ step, durationMs }) => step !== null && durationMs !== null);
  const times = steps.map(({ key, durationMs, costUsd }) =>
    [key, showDuration(durationMs), ...(costUsd === null ? [] : [showMoney(costUsd)])].join(' '),
  );
  return [...times, `${showDuration(run.durationMs)} in all`, ...spendingOf(run)];
}

/** `in experiments: rerank-v2 (wide)` */
function armsLine(arms: RunResult['arms']): string {
  const named = Object.entries(arms).map(([experiment, arm]) => `${experiment} (${arm})`);
  return `in experiments: ${named.join(', ')}`;
}

const SECOND_BEST: readonly NodeResult['outcome'][] = ['fallback', 'or-else', 'exhausted', 'truncated', 'failed'];

/** Which nodes gave second best, and how: `degraded: ranked (fallback)`. */
function degradedLine(nodes: readonly NodeResult[]): string {
  const named = nodes
    .filter(({ outcome }) => SECOND_BEST.includes(outcome))
    .map(({ key, outcome }) => `${key} (${outcome})`);
  return `degraded: ${named.join(', ')}`;
}

/** An output with a text is shown as that text and its citations; any other as JSON. */
export function answerLines(output: Json, width: number): string[] {
  if (!isObject(output) || typeof output.text !== 'string')
    return JSON.stringify(output, null, 2)
      .split('\n')
      .map((line) => `  ${line}`);
  const citations = Array.isArray(output.citations) ? (output.citations as readonly Json[]) : [];
  return [...wrap(output.text, width), ...citations.map((citation, index) => `  ${citationLine(citation, index + 1)}`)];
}

/** `[1] Guide › Streaming  https://…`; a citation that is only an id is shown as that. */
function citationLine(citation: Json, position: number): string {
  if (!isObject(citation)) return `[${position}] ${String(citation)}`;
  const { n, title, heading, passageId } = citation;
  const url = webUrl(citation.url);
  const headings = Array.isArray(heading) ? (heading as readonly Json[]) : [];
  const place = [title, ...headings].filter((part) => typeof part === 'string' && part !== '');
  const name = [...new Set(place)].join(' › ') || String(passageId ?? citation.id ?? '');
  return [`[${typeof n === 'number' ? n : position}] ${name}`, ...(url === undefined ? [] : [url])].join('  ');
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The lines for a failed or cancelled run. */
export function failureLines(run: RunResult): string[] {
  const { error, runId, outcome, temporalUrl } = run;
  const node = run.nodes.find(({ key }) => key === error?.key);
  const place = node === undefined ? '' : ` at ${node.key}${node.step === null ? '' : ` (${node.step})`}`;
  const attempts = node === undefined || node.attempts === 0 ? '' : ` after ${count(node.attempts, 'attempt')}`;
  const tookMs = node?.durationMs ?? run.durationMs;
  const time = tookMs === null ? '' : ` in ${showDuration(tookMs)}`;
  return [
    `✖ run ${shortId(runId)} ${outcome}${place}${attempts}${time}`,
    ...(error?.message ?? 'there is no record of why').split('\n').map((line) => `  ${line}`),
    ...remedyOf(run)
      .split('\n')
      .map((line) => `  ${line}`),
    `  ${temporalUrl}`,
  ];
}

/** What the step itself advises, else what mends a failure of that kind. */
function remedyOf({ error, outcome, runId }: RunResult): string {
  const advised = adviceIn(error?.details);
  if (advised !== undefined) return advised;
  if (outcome === 'cancelled') return 'ask again; what it had done is not used again';
  const node = error?.node === undefined ? 'the step' : `'${error.node}'`;
  switch (error?.code) {
    case 'timeout':
      return `give ${node} a longer timeout, more attempts or a fallback`;
    case 'heartbeat_lost':
      return `see why the worker that ran ${node} ended or was blocked, and ask again`;
    case 'no_worker':
      return 'start one: sluice worker (or sluice dev, which has one)';
    case 'deadline_exceeded':
      return 'raise SLUICE_RUN_DEADLINE_MS, or give slow nodes shorter timeouts and a fallback';
    case 'budget_exceeded':
      return 'give the run more: --deadline, --budget-usd, --budget-tokens';
    case 'PayloadTooLarge':
      return `let ${node} take or give less: fewer passages, shorter texts`;
    case 'terminated':
      return 'ask again; the Temporal UI says who ended it';
    default:
      return `see each attempt at the address below, or: sluice runs ${shortId(runId)}`;
  }
}

function adviceIn(details: Json | undefined): string | undefined {
  if (details === null || typeof details !== 'object' || !('remedy' in details)) return undefined;
  return typeof details.remedy === 'string' ? details.remedy : undefined;
}

/** `≥ $0.0123, 1 call unknown` and `3,120 tokens in, 410 out`; nothing where no call was made. */
export function spendingOf(spent: Spending): string[] {
  if (spent.paidCalls === 0) return [];
  const { costUsd, unknownCalls, estimatedCalls, inputTokens, outputTokens } = spent;
  const cost = [
    costUsd === null ? 'cost unknown' : `${unknownCalls > 0 ? '≥ ' : ''}${showMoney(costUsd)}`,
    ...(unknownCalls > 0 ? [`${count(unknownCalls, 'call')} unknown`] : []),
    ...(estimatedCalls > 0 ? [`${count(estimatedCalls, 'call')} estimated`] : []),
  ];
  return [cost.join(', '), `${showWhole(inputTokens)} tokens in, ${showWhole(outputTokens)} out`];
}

/** One line per call, in the order in which they left; estimates have a `~`. */
export function callTable(calls: readonly ProviderCallRow[]): string[] {
  const about = ({ usage }: ProviderCallRow, shown: string | null): string | null =>
    shown === null ? null : `${usage === 'estimated' ? '~' : ''}${shown}`;
  const tokens = (call: ProviderCallRow, number: number | null) =>
    about(call, number === null ? null : showWhole(number));
  return tableLines(calls, [
    { heading: 'call of', cell: ({ key }) => key },
    { heading: 'attempt', cell: ({ attempt }) => attempt, align: 'right' },
    { heading: 'model', cell: ({ provider, model }) => `${provider}/${model}` },
    { heading: 'for', cell: ({ kind }) => kind },
    { heading: 'status', cell: ({ status, errorCode }) => (errorCode ? `${status} (${errorCode})` : status) },
    { heading: 'in', cell: (call) => tokens(call, call.inputTokens), align: 'right' },
    { heading: 'out', cell: (call) => tokens(call, call.outputTokens), align: 'right' },
    {
      heading: 'cost',
      cell: (call) => about(call, call.costUsd === null ? null : showMoney(call.costUsd)),
      align: 'right',
    },
  ]);
}

/** The question that an input holds, or else all of it as JSON. */
export function questionIn(input: Json): string {
  const isQuestion = input !== null && typeof input === 'object' && 'question' in input;
  return isQuestion && typeof input.question === 'string' ? input.question : JSON.stringify(input);
}
