/** `sluice eval leaderboard`: the variants of many evaluations in one table, ranked where they are alike. */
import type { Command } from 'commander';
import type {
  Leaderboard,
  LeaderboardCell,
  LeaderboardColumn,
  LeaderboardRow,
} from '../evaluation/compare/leaderboard.ts';
import { showMean } from '../evaluation/report/values.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { shortVersion } from './dataset-names.ts';
import { hasEnded } from './eval-refs.ts';
import { findNamed } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { count } from './text.ts';
import { withStore } from './with-servers.ts';

interface LeaderboardOptions {
  readonly name?: string;
  readonly dataset?: string;
  readonly sort?: string;
  readonly limit: number;
  readonly all?: boolean;
}

const MOST = 100;
/** Metrics that a terminal is shown unasked. */
const SHOWN_METRICS = 4;

export function leaderboardCommand(world: World): Command {
  return readingCommand('leaderboard', {
    summary: 'rank the variants of the newest evaluations',
    examples: [
      ['eval leaderboard --name retrieval --sort mrr-10', 'of one definition, by one metric'],
      [
        'eval leaderboard --dataset ai-docs',
        'all that ran on a dataset; ranks only where examples and scorers are alike',
      ],
    ],
  })
    .option('--name <name>', 'only evaluations of this definition')
    .option('--dataset <name>', 'only evaluations on this dataset')
    .option('--sort <metric>', 'what they are ranked by; default: the first metric of the newest')
    .option('--limit <number>', 'how many of the newest evaluations', positiveInteger(MOST), 10)
    .option('--all', 'all metrics')
    .action((options: LeaderboardOptions, command: Command) =>
      runAction(world, command, (session) => leaderboard(session, options)),
    );
}

async function leaderboard(session: Session, options: LeaderboardOptions): Promise<ExitCode> {
  const { terminal } = session;
  const board = await withStore(session, async ({ store }) => {
    const rows = await store.evaluations.list({ name: options.name, limit: MOST });
    const meant = rows.filter((row) => isMeant(row, options)).slice(0, options.limit);
    const [{ loadSheets }, { leaderboardOf }] = await Promise.all([
      import('../evaluation/compare/load.ts'),
      import('../evaluation/compare/leaderboard.ts'),
    ]);
    const sheets = await loadSheets(
      store,
      meant.map(({ evaluationId }) => evaluationId),
    );
    const sides = meant.flatMap(({ evaluationId, spec }) =>
      spec.variants.map((_, variant) => ({ evaluationId, variant })),
    );
    const input = { sheets, sides };
    const sortBy = options.sort === undefined ? undefined : metricNamed(leaderboardOf(input), options.sort);
    return leaderboardOf({ ...input, ...(sortBy !== undefined && { sortBy }) });
  });
  if (terminal.json) terminal.printJson(board);
  else if (board.rows.length === 0) terminal.print('no evaluation has ended yet; sluice eval run makes one');
  else for (const line of boardLines(board, options, terminal.room)) terminal.print(line);
  return EXIT.fine;
}

const isMeant = (row: EvaluationRow, { dataset }: LeaderboardOptions): boolean =>
  hasEnded(row) && row.spec.mode === 'compare' && (dataset === undefined || row.spec.dataset.name === dataset);

function metricNamed({ columns }: Leaderboard, name: string): string {
  return findNamed({
    kind: 'metric',
    name,
    among: columns,
    nameOf: ({ metric }) => metric,
    whenNone: 'no evaluation has ended yet',
  }).metric;
}

function boardLines(board: Leaderboard, { all = false }: LeaderboardOptions, room: number): string[] {
  const { columns, rows, sortedBy } = board;
  const places = columns.map((_, place) => place);
  const ordered = [
    ...places.filter((place) => columns[place]!.metric === sortedBy),
    ...places.filter((place) => columns[place]!.metric !== sortedBy),
  ];
  const shown = all ? ordered : ordered.slice(0, SHOWN_METRICS);
  const first = shown[0]!;
  const lines = tableLines<LeaderboardRow>(
    rows,
    [
      { heading: '', cell: ({ cells }) => cells[first]!.rank, align: 'right' },
      { heading: 'variant', cell: ({ label }) => label, isFlexible: true },
      ...shown.map((place) => ({
        heading: headingOf(columns[place]!),
        cell: ({ cells }: LeaderboardRow) => cellText(cells[place]!, columns[place]!),
        isFlexible: true,
      })),
      {
        heading: 'on',
        cell: ({ dataset }) => `${dataset.name}@${shortVersion(dataset.version)} ${dataset.split ?? 'all'}`,
        isFlexible: true,
      },
    ],
    room,
  );
  const left = columns.length - shown.length;
  return [...lines, ...apartLines(rows, first), ...(left > 0 ? [`${count(left, 'more metric')}: --all`] : [])];
}

const headingOf = ({ metric, better, judge }: LeaderboardColumn): string =>
  `${metric} ${better === 'higher' ? '↑' : '↓'}${judge?.state === 'uncalibrated' ? ' (uncalibrated)' : ''}`;

function cellText(cell: LeaderboardCell, { format }: LeaderboardColumn): string | null {
  if (cell.mean === null) return null;
  const lacking = cell.coverage !== null && cell.coverage < 1 ? ` (${Math.floor(100 * cell.coverage)}% scored)` : '';
  return `${showMean(cell, format)}${lacking}`;
}

/** Why some have no rank. */
function apartLines(rows: readonly LeaderboardRow[], place: number): readonly string[] {
  const apart = rows.flatMap(({ label, cells }) => {
    const { apart: why } = cells[place]!;
    return why === null ? [] : [{ label, why }];
  });
  return [...Map.groupBy(apart, ({ why }) => why)].map(
    ([why, alike]) => `not ranked, ${why}: ${alike.map(({ label }) => label).join(', ')}`,
  );
}
