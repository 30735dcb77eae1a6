/** What prints in the terminal what a screen shows: a command line for each part of it, held to those that there are. */

import { shortId } from '../src/base/format.ts';
import { commandLine } from '../src/base/shell.ts';
import type { BaselineLeaderboard, EvaluatedDataset } from '../src/evaluation/baseline-leaderboard.ts';
import { type RunCondition, type RunSort, SHOWN_COLUMNS } from '../src/model/run-fields.ts';
import { writeCondition } from '../src/run-filter/saved-view.ts';

interface ShownRuns {
  readonly where: readonly RunCondition[];
  readonly sort?: RunSort;
  readonly columns: readonly string[];
  readonly axes: { readonly x: string; readonly y: string };
}

/** As many as the charts of the screen have. */
const BINS = '48';

/** The runs, when they were, two values of each, and the views that were saved. */
export function runsCommands({ where, sort, columns, axes }: ShownRuns): readonly string[] {
  const chosen = where.flatMap((condition) => ['--where', writeCondition(condition)]);
  const order = sort === undefined ? [] : ['--sort', `${sort.descending ? '-' : ''}${sort.by}`];
  const isAsAlways = columns.join() === SHOWN_COLUMNS.join();
  const shown = isAsAlways ? [] : ['--columns', columns.join(',')];
  return [
    commandLine('runs', ...chosen, ...order, ...shown),
    commandLine('runs', ...chosen, '--histogram', BINS),
    commandLine('runs', ...chosen, '--points', `${axes.x},${axes.y}`),
    'sluice runs views',
  ];
}

/** @param planId once it is known */
export const runCommands = (runId: string, planId: string | undefined): readonly string[] => [
  commandLine('trace', runId, '--content'),
  commandLine('runs', runId),
  ...(planId === undefined ? [] : [commandLine('plan', 'draw', planId)]),
];

export const evaluationCommands = (id: string, isCompared: boolean): readonly string[] => [
  commandLine('eval', 'status', id),
  ...(isCompared ? [commandLine('eval', 'compare', id, '--all')] : []),
];

/** @param ids as the address has them; empty where nothing is chosen yet */
export const compareCommand = (ids: string): string =>
  ids === ''
    ? 'sluice eval compare <evaluations…>'
    : commandLine('eval', 'compare', ...ids.split(','), '--all', '--slices');

/** An example of several evaluations is shown of each. */
export const exampleCommands = (evaluationIds: readonly string[], exampleId: string): readonly string[] =>
  [...new Set(evaluationIds)].map((id) => commandLine('eval', 'show', id, exampleId, '--passages'));

interface ShownBoard {
  readonly datasets: readonly EvaluatedDataset[];
  readonly dataset: string | null;
  readonly split: string | null;
  readonly board: Pick<BaselineLeaderboard, 'sortedBy' | 'baseline'>;
}

export function leaderboardCommand(shown: ShownBoard | undefined): string {
  if (shown === undefined) return 'sluice eval leaderboard --all';
  const { dataset, split, board } = shown;
  const options: readonly (readonly [string, string | null])[] = [
    ['--dataset', dataset],
    ['--split', split],
    ['--sort', board.sortedBy],
    ['--baseline', board.baseline],
  ];
  const given = options.flatMap(([option, value]) => (value === null ? [] : [option, value]));
  return commandLine('eval', 'leaderboard', ...given, '--all');
}

export const datasetCommands = (name: string): readonly string[] => [
  commandLine('dataset', 'show', name),
  commandLine('dataset', 'show', name, '--split', 'dev'),
];

/** One for each side. */
export const playgroundCommands = (pipelines: readonly string[]): readonly string[] =>
  (pipelines.length === 0 ? ['docs-bot'] : pipelines).map((name) => `${commandLine('ask', name)} "…" --stream`);

export const experimentCommands = (id: string, kind: 'experiment' | 'rollout'): readonly string[] => [
  commandLine(kind, 'status', id, '--all'),
  commandLine('experiment', 'history', id, '--looks'),
];

export const briefCommand = (id: string): string => commandLine('experiment', 'brief', id);

export const pipelineCommands = (name: string): readonly string[] => [
  commandLine('pipelines', name),
  commandLine('pipelines', name, '--prompts'),
  commandLine('deploy', name, '--history'),
  commandLine('plan', 'draw', name),
];

export const planDiffCommand = (from: string, to: string): string =>
  commandLine('plan', 'diff', shortId(from), shortId(to));

export const monitorCommands = (id: string, isStarted: boolean): readonly string[] =>
  isStarted ? [commandLine('monitor', 'status', id, '--history')] : [commandLine('monitor', 'list')];

export const auditCommand = (subject: string): string => commandLine('audit', ...(subject === '' ? [] : [subject]));
