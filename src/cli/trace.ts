/** `sluice trace`: a run as a tree of what happened, with times, tokens, money and errors. */

import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { count, shortId, shortNumber, showDuration, showMoney, showTime, showWhole } from '../base/format.ts';
import { askedFor } from '../model/run-fields.ts';
import type { Json } from '../plan/plan.ts';
import {
  lengthOf,
  type Shown,
  type Span,
  type Trace,
  type TraceAttempt,
  type TraceCall,
  type TraceNode,
} from '../telemetry/trace.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { questionIn, showEphemeral, spendingOf } from './show-run.ts';
import { flow, wrap } from './table.ts';
import type { Colours, Terminal } from './terminal.ts';
import { withStore } from './with-servers.ts';

interface TraceOptions {
  readonly content?: boolean;
}

export function traceCommand(world: World): Command {
  return readingCommand('trace', {
    summary: 'show what happened in a run, step by step',
    examples: [
      ['trace run-7d2', 'node runs, attempts and calls, each with when and how long'],
      ['trace run-7d2 --content', 'also what each was given, and gave'],
      ['trace run-7d2 --json', 'all of it, prompts and answers included'],
    ],
  })
    .argument('<run>', 'a run id, or its beginning')
    .option('--content', 'show inputs, outputs, prompts and answers, in a line each')
    .action((run: string, options: TraceOptions, command: Command) =>
      runAction(world, command, (session) => showTrace(session, run, options)),
    );
}

async function showTrace(session: Session, idOrPrefix: string, { content = false }: TraceOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { loadTrace } = await import('../telemetry/load-trace.ts');
  const { trace, isUiServed } = await withStore(session, async ({ store, urlOf, isUiServed }) => ({
    trace: await loadTrace({ store, urlOf }, idOrPrefix),
    isUiServed,
  }));
  if (terminal.json) {
    terminal.printJson(trace);
    return EXIT.fine;
  }
  for (const line of headLines(terminal, trace)) terminal.print(line);
  terminal.print();
  const { colours, width } = terminal;
  for (const line of waterfallLines(trace, { colours, width, hasContent: content })) terminal.print(line);
  terminal.print();
  for (const line of feedbackLines(trace, width)) terminal.print(line);
  terminal.print(colours.dim(trace.temporalUrl));
  if (!isUiServed) showEphemeral(terminal);
  return EXIT.fine;
}

function headLines({ colours, width }: Terminal, trace: Trace): readonly string[] {
  const { runId, state, planId, startedAt, endedAt, arms, spent, input } = trace;
  const took = endedAt === null ? 'running' : `${state} in ${showDuration(endedAt - startedAt!)}`;
  const named = Object.entries(arms).map(([experiment, arm]) => `${experiment} (${arm})`);
  return [
    ...flow([`${runId}  ${took}`, ...spendingOf(spent)], width, ''),
    `${askedFor(trace)}  plan ${shortId(planId)}  started ${showTime(startedAt)}`,
    ...(named.length > 0 ? wrap(`in experiments: ${named.join(', ')}`, width, '') : []),
    ...wrap(`? ${'value' in input ? questionIn(input.value) : input.missing}`, width, '').map(colours.bold),
  ];
}

function feedbackLines({ feedback }: Trace, width: number): readonly string[] {
  if (feedback.length === 0) return [];
  const said = feedback.map(({ thumb, score, emoji, note, by }) =>
    [
      ...(thumb === null ? [] : [thumb === 1 ? 'thumb up' : 'thumb down']),
      ...(score === null ? [] : [`score ${shortNumber(score)}`]),
      ...(emoji === null ? [] : [emoji]),
      ...(note === null ? [] : [`“${note}”`]),
      ...(by === null ? [] : [`by ${by}`]),
    ].join(' '),
  );
  return [`${count(feedback.length, 'piece')} of feedback:`, ...said.flatMap((each) => wrap(each, width)), ''];
}

interface WaterfallOptions {
  readonly colours: Colours;
  readonly width: number;
  /** Whether what was given and what came back is shown. */
  readonly hasContent: boolean;
}

const TOOK_WIDTH = 8;
/** A bar is not made narrower than this, nor wider. */
const [NARROWEST_BAR, WIDEST_BAR] = [16, 40];

/** A trace as lines for a terminal: what happened, nested, each beside how long it took and a bar of when. */
export function waterfallLines(trace: Trace, options: WaterfallOptions): readonly string[] {
  const { hasContent } = options;
  const root = rootRow(trace, hasContent);
  const lines = [...branches(root, '', '')];
  const labelWidth = Math.min(
    Math.max(...lines.map(({ text }) => lengthOfText(text))),
    Math.max(options.width - TOOK_WIDTH - NARROWEST_BAR - 6, 20),
  );
  const barWidth = Math.min(Math.max(options.width - labelWidth - TOOK_WIDTH - 5, NARROWEST_BAR), WIDEST_BAR);
  const scale = scaleOf(trace, root);
  return lines.flatMap((line) => drawn(line, { ...options, labelWidth, barWidth, scale }));
}

interface Line {
  readonly row: Row;
  readonly text: string;
  /** What stands before the notes under it. */
  readonly under: string;
}

function* branches(row: Row, lead: string, under: string): Generator<Line> {
  const { label, aside, inside } = row;
  yield {
    row,
    text: `${lead}${label}${aside === '' ? '' : `  ${aside}`}`,
    under: `${under}${inside.length > 0 ? '│ ' : '  '}`,
  };
  for (const [index, inner] of inside.entries()) {
    const isLast = index === inside.length - 1;
    yield* branches(inner, `${under}${isLast ? '└ ' : '├ '}`, `${under}${isLast ? '  ' : '│ '}`);
  }
}

interface Drawing extends WaterfallOptions {
  readonly labelWidth: number;
  readonly barWidth: number;
  readonly scale: { readonly from: number; readonly perCell: (width: number) => number };
}

function drawn({ row, text, under }: Line, drawing: Drawing): readonly string[] {
  const { colours, labelWidth, width, hasContent } = drawing;
  const shownText = shorten(text, labelWidth);
  const padded = shownText + ' '.repeat(Math.max(0, labelWidth - lengthOfText(shownText)));
  const paint = row.tone === 'bad' ? colours.red : row.tone === 'faint' ? colours.dim : (plain: string) => plain;
  const line = `${paint(padded)}  ${showDuration(lengthOf(row.span)).padStart(TOOK_WIDTH)}  ${bar(row, drawing)}`;
  const notes = row.notes.flatMap((note) =>
    note.startsWith('✖')
      ? wrap(note, width, `${under}  `).map((part) => colours.red(part))
      : [colours.dim(hasContent ? shorten(`${under}  ${note}`, width) : `${under}  ${note}`)],
  );
  return [line.trimEnd(), ...notes];
}

/** `░` while it waited for a worker, `█` while it ran; `▒` where nobody knows how long. */
function bar({ span, wait, tone }: Row, { scale, barWidth, colours }: Drawing): string {
  if (span.startedAt === null) return '';
  const perCell = scale.perCell(barWidth);
  const cell = (at: number) => Math.min(Math.max((at - scale.from) / perCell, 0), barWidth);
  const began = wait?.startedAt ?? span.startedAt;
  const from = Math.min(Math.floor(cell(began)), barWidth - 1);
  const to = Math.max(Math.ceil(cell(span.endedAt ?? span.startedAt)), from + 1);
  const waited = wait?.endedAt == null ? 0 : Math.min(Math.round(cell(wait.endedAt) - cell(began)), to - from - 1);
  const paint = tone === 'bad' ? colours.red : tone === 'faint' ? colours.dim : colours.cyan;
  const ran = (span.endedAt === null ? '▒' : '█').repeat(to - from - Math.max(waited, 0));
  return ' '.repeat(from) + paint('░'.repeat(Math.max(waited, 0)) + ran);
}

/** From the run's start to its end; of one that has none, to the last thing that is known. */
function scaleOf(trace: Trace, root: Row): Drawing['scale'] {
  const known = [...spansIn(root)]
    .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt])
    .filter((at) => at !== null);
  const from = Math.min(...known);
  const to = trace.endedAt ?? Math.max(...known);
  return { from, perCell: (width) => Math.max(to - from, 1) / width };
}

function* spansIn({ span, inside }: Row): Generator<Span> {
  yield span;
  for (const inner of inside) yield* spansIn(inner);
}

const lengthOfText = (text: string): number => [...stripVTControlCharacters(text)].length;

function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(width - 1, 1)).join('')}…`;
}

interface Row {
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
const rootRow = (trace: Trace, hasContent: boolean): Row => ({
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
