/** `sluice eval list`: the newest evaluations. */
import type { Command } from 'commander';
import { showMoney, showTime, showWhole } from '../base/format.ts';
import type { EvaluationProgress } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { settled } from './eval-follow.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

interface ListOptions {
  readonly name?: string;
  readonly limit: number;
}

interface Listed {
  readonly evaluation: EvaluationRow;
  readonly progress: EvaluationProgress;
}

const LARGEST_PAGE = 1_000;

export function listCommand(world: World): Command {
  return readingCommand('list', {
    summary: 'list the newest evaluations',
    examples: [
      ['eval list', 'what was evaluated on what, and how far it came'],
      ['eval list --name retrieval', 'those of one definition'],
    ],
  })
    .option('--name <name>', 'only those of this definition')
    .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), 20)
    .action((options: ListOptions, command: Command) =>
      runAction(world, command, (session) => listEvaluations(session, options)),
    );
}

async function listEvaluations(session: Session, { name, limit }: ListOptions): Promise<ExitCode> {
  const { terminal } = session;
  const listed = await withStore(session, async ({ store: { evaluations } }) => {
    const rows = await evaluations.list({ name, limit });
    return Promise.all(
      rows.map(async (evaluation): Promise<Listed> => {
        return { evaluation, progress: await evaluations.progress(evaluation.evaluationId) };
      }),
    );
  });
  if (terminal.json) terminal.printJson(listed.map(({ evaluation, progress }) => ({ ...evaluation, progress })));
  else if (listed.length === 0)
    terminal.print(`no evaluations${name === undefined ? '' : ` of '${name}'`}; sluice eval run makes one`);
  else for (const line of listTable(listed)) terminal.print(line);
  return EXIT.fine;
}

function listTable(listed: readonly Listed[]): string[] {
  return tableLines(listed, [
    { heading: 'evaluation', cell: ({ evaluation }) => evaluation.evaluationId },
    { heading: 'state', cell: ({ evaluation }) => evaluation.state },
    { heading: 'runs', cell: ({ progress }) => runsOf(progress), align: 'right' },
    { heading: 'variants', cell: ({ evaluation: { spec } }) => variantsOf(spec) },
    { heading: 'on', cell: ({ evaluation: { spec } }) => `${spec.dataset.name} ${spec.dataset.split ?? 'all'}` },
    { heading: '', cell: ({ evaluation: { spec } }) => standingOf(spec) },
    {
      heading: 'paid',
      cell: ({ progress }) => (progress.paidUsd === null ? null : showMoney(progress.paidUsd)),
      align: 'right',
    },
    { heading: 'begun', cell: ({ evaluation }) => showTime(evaluation.createdAt) },
  ]);
}

/** `192`, or `96/192` while some are to be made. */
function runsOf(progress: EvaluationProgress): string {
  const [done, total] = [settled(progress), progress.total].map(showWhole);
  return done === total ? total! : `${done}/${total}`;
}

const SHOWN_VARIANTS = 3;

function variantsOf({ variants }: EvaluationRow['spec']): string {
  const names = variants.slice(0, SHOWN_VARIANTS).map(({ name }) => name);
  const more = variants.length - SHOWN_VARIANTS;
  return [...names, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function standingOf({ mode, definition }: EvaluationRow['spec']): string {
  if (mode === 'aa') return 'A/A';
  return definition === null ? 'exploratory' : 'pre-registered';
}
