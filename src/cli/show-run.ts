/** A run as its reader wants it: the answer first, then what it took, then where to look further. */

import { showDuration, showMoney } from '../base/format.ts';
import { webUrl } from '../base/web-url.ts';
import type { NodeResult, RunResult } from '../client/run-result.ts';
import type { Json } from '../plan/plan.ts';
import { failureLines } from './run-failure.ts';
import { spendingOf } from './spending.ts';
import type { Terminal } from './terminal.ts';
import { flow, wrap } from './text.ts';

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
export function showPassing(terminal: Terminal): void {
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
