/** `sluice eval leaderboard`: the variants of many evaluations in one table, ranked where they are alike. */
import { type Command, Option } from 'commander';
import { count, shortId } from '../base/format.ts';
import {
  type BaselineCell,
  type BaselineLeaderboard,
  type BaselineRow,
  comparedWords,
} from '../evaluation/baseline-leaderboard.ts';
import type { LeaderboardColumn } from '../evaluation/compare/leaderboard.ts';
import { showDifference, showMean } from '../evaluation/report/values.ts';
import { SPLITS } from '../model/dataset.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

interface LeaderboardOptions {
  readonly name?: string;
  readonly dataset?: string;
  readonly split?: string;
  readonly sort?: string;
  readonly baseline?: string;
  readonly limit: number;
  readonly all?: boolean;
}

const MOST = 100;
/** Metrics that a terminal is shown unasked. */
const SHOWN_METRICS = 4;

export function leaderboardCommand(world: World): Command {
  return readingCommand('leaderboard', {
    summary: 'rank variants on the largest set of examples that they share',
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
    .addOption(new Option('--split <split>', 'only those on this part of it').choices([...SPLITS, 'all']))
    .option('--sort <metric>', 'what they are ranked by; default: the first metric of the newest')
    .option('--baseline <variant>', 'what differences are from; default: the first variant of the newest')
    .option('--limit <number>', 'how many of the newest evaluations', positiveInteger(MOST), 10)
    .option('--all', 'all metrics')
    .action((options: LeaderboardOptions, command: Command) =>
      runAction(world, command, (session) => leaderboard(session, options)),
    );
}

async function leaderboard(session: Session, options: LeaderboardOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { name, dataset, split, sort, baseline, limit } = options;
  const board = await withStore(session, async ({ store }) => {
    const { loadLeaderboard, rankedEvaluations } = await import('../evaluation/baseline-leaderboard.ts');
    return loadLeaderboard(store, await rankedEvaluations(store, name), {
      ...{ limit, dataset, split, baseline, sortBy: sort },
    });
  });
  if (terminal.json) terminal.printJson(board);
  else if (board.rows.length === 0) terminal.print('no evaluation has ended yet; sluice eval run makes one');
  else for (const line of boardLines(board, options, terminal.room)) terminal.print(line);
  return EXIT.fine;
}

function boardLines(board: BaselineLeaderboard, { all = false }: LeaderboardOptions, room: number): string[] {
  const { columns, rows, sortedBy, baseline, compared } = board;
  const places = columns.map((_, place) => place);
  const ordered = [
    ...places.filter((place) => columns[place]!.metric === sortedBy),
    ...places.filter((place) => columns[place]!.metric !== sortedBy),
  ];
  const shown = all ? ordered : ordered.slice(0, SHOWN_METRICS);
  const first = shown[0]!;
  const lines = tableLines<BaselineRow>(
    rows,
    [
      { heading: '', cell: ({ cells }) => rankText(cells[first]!), align: 'right' },
      { heading: 'variant', cell: ({ label }) => label, isFlexible: true },
      ...shown.map((place) => ({
        heading: headingOf(columns[place]!),
        cell: ({ cells }: BaselineRow) => cellText(cells[place]!, columns[place]!, place !== first),
        isFlexible: true,
      })),
      {
        heading: 'from baseline',
        cell: ({ cells, reference }) =>
          reference === baseline ? 'baseline' : showDifference(cells[first]!.delta, columns[first]!.format),
        align: 'right',
      },
      {
        heading: 'on',
        cell: ({ dataset }) => `${dataset.name}@${shortId(dataset.version)} ${dataset.split ?? 'all'}`,
        isFlexible: true,
      },
    ],
    room,
  );
  const left = columns.length - shown.length;
  const open = rows.some(({ cells }) => rankText(cells[first]!)?.includes('('));
  const doubt = open ? ['in brackets: the places that paired comparisons of all variants leave open at once'] : [];
  return [
    ...lines,
    ...bestLines(rows, first),
    ...(compared === null ? [] : comparedWords(compared)),
    ...doubt,
    ...apartLines(rows, first),
    ...(left > 0 ? [`${count(left, 'more metric')}: --all`] : []),
  ];
}

/** With the places that its interval leaves open, where there are several. */
const rankText = ({ rank, range }: BaselineCell): string | null =>
  rank === null
    ? null
    : range === null || range.from === range.to
      ? String(rank)
      : `${rank} (${range.from}–${range.to})`;

const headingOf = ({ metric, better, judge }: LeaderboardColumn): string =>
  `${metric} ${better === 'higher' ? '↑' : '↓'}${judge?.state === 'uncalibrated' ? ' (uncalibrated)' : ''}`;

function cellText(cell: BaselineCell, { format }: LeaderboardColumn, hasRank: boolean): string | null {
  if (cell.mean === null) return null;
  const lacking = cell.coverage !== null && cell.coverage < 1 ? ` (${Math.floor(100 * cell.coverage)}% scored)` : '';
  const rank = hasRank && cell.rank !== null ? ` #${cell.rank}` : '';
  return `${showMean(cell, format)}${lacking}${rank}`;
}

/** `proven best: loud`, or those of which none is proven better than another. */
function bestLines(rows: readonly BaselineRow[], place: number): readonly string[] {
  return (['proven', 'tied'] as const).flatMap((best) => {
    const of = rows.filter(({ cells }) => cells[place]!.best === best).map(({ label }) => label);
    return of.length === 0 ? [] : [`${best === 'proven' ? 'proven best' : 'tied for best'}: ${of.join(', ')}`];
  });
}

/** Why some have no rank. */
function apartLines(rows: readonly BaselineRow[], place: number): readonly string[] {
  const apart = rows.flatMap(({ label, cells }) => {
    const { apart: why } = cells[place]!;
    return why === null ? [] : [{ label, why }];
  });
  return [...Map.groupBy(apart, ({ why }) => why)].map(
    ([why, alike]) => `not ranked, ${why}: ${alike.map(({ label }) => label).join(', ')}`,
  );
}
