/** `sluice trace`: a run as a tree of what happened, with times, tokens, money and errors. */
import type { Command } from 'commander';
import { count, shortId, shortNumber, showDuration, showTime } from '../base/format.ts';
import { askedFor } from '../model/run-fields.ts';
import type { Trace } from '../telemetry/trace.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { questionIn } from './question.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { showPassing } from './show-run.ts';
import { spendingOf } from './spending.ts';
import type { Terminal } from './terminal.ts';
import { flow, wrap } from './text.ts';
import { waterfallLines } from './waterfall.ts';
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
  if (!isUiServed) showPassing(terminal);
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
