/** `sluice dataset`: examples to evaluate on, in versions. */
import type { Command } from 'commander';
import { shortId, showTime } from '../base/format.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { addCommand } from './dataset-add.ts';
import { diffCommand } from './dataset-diff.ts';
import { exportCommand } from './dataset-export.ts';
import { importCommand } from './dataset-import.ts';
import { showCommand } from './dataset-show.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

export function datasetCommand(world: World): Command {
  const list = readingCommand('list', {
    summary: 'list the datasets',
    examples: [['dataset list', 'their sizes and current versions']],
  }).action((_options: object, command: Command) => runAction(world, command, listDatasets));
  const commands = [
    importCommand(world),
    list,
    showCommand(world),
    diffCommand(world),
    addCommand(world),
    exportCommand(world),
  ];
  return groupCommand('dataset', 'import, show, compare, extend and export datasets', commands);
}

async function listDatasets(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const datasets = await withStore(session, ({ store }) => store.datasets.list());
  if (terminal.json) terminal.printJson(datasets);
  else if (datasets.length === 0) terminal.print('no datasets; import one: sluice dataset import FILE');
  else
    for (const line of tableLines(datasets, [
      { heading: 'dataset', cell: ({ dataset }) => dataset },
      { heading: 'examples', cell: ({ examples }) => examples, align: 'right' },
      { heading: 'version', cell: ({ version }) => shortId(version) },
      { heading: 'number', cell: ({ sequence }) => sequence, align: 'right' },
      { heading: 'made', cell: ({ createdAt }) => showTime(createdAt) },
      { heading: 'from', cell: ({ origin }) => origin },
    ]))
      terminal.print(line);
  return EXIT.fine;
}
