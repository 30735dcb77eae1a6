/** `sluice review dataset`: what people agree on becomes examples of a dataset. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { redactionOf } from './redacting.ts';
import { QUEUE } from './review-options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { userName } from './who.ts';
import { withStore } from './with-servers.ts';

interface DatasetOptions {
  readonly to: string;
  readonly where?: string;
  readonly accept?: boolean;
  readonly tag?: readonly string[];
  readonly new?: boolean;
}

export function datasetCommand(world: World): Command {
  return readingCommand('dataset', {
    summary: 'add what people agree on, or somebody has decided, to a dataset',
    examples: [
      ['review dataset experts --to ai-docs', 'all that is agreed or settled'],
      ['review dataset experts --to ai-docs --where correct=yes --accept', 'good answers become what is expected'],
      ['review dataset experts --to hard --where correct=no --new --tag wrong', 'what goes wrong, in a new dataset'],
    ],
  })
    .argument(...QUEUE)
    .requiredOption('--to <dataset>', 'the name of the dataset')
    .option('--where <field=value>', 'only items of which this holds: as decided, or as most reviewers say')
    .option('--accept', 'the reviewed answer is what is expected; of a pair the better one')
    .option(
      '--tag <tag>',
      'a tag of the examples; may be given several times',
      (tag: string, tags: readonly string[] = []) => [...tags, tag],
    )
    .option('--new', 'begin the dataset where there is none of that name')
    .action((name: string, options: DatasetOptions, command: Command) =>
      runAction(world, command, (session) => add(session, name, options)),
    );
}

async function add(session: Session, name: string, options: DatasetOptions): Promise<ExitCode> {
  const { terminal, services } = session;
  const { to: dataset, where, accept, tag: tags, new: begin } = options;
  const [{ addToDataset }, redaction, definitions] = await Promise.all([
    import('../review/to-dataset.ts'),
    redactionOf(session),
    services.datasets(),
  ]);
  const given = { queue: name, dataset, accept, tags, begin, ...(where !== undefined && wanted(where)) };
  const added = await withStore(session, ({ store }) =>
    addToDataset({ store, redaction, schemas: definitions.get(dataset) }, given, userName(session.environment)),
  );
  if (terminal.json) terminal.printJson(added);
  else
    terminal.print(
      added.created
        ? `${dataset}: ${count(added.added.length, 'example')} added, ${added.examples} now, version ${shortId(added.version)}`
        : `${dataset}: no new version; all of them were in ${shortId(added.version)} already, and stay as they are`,
    );
  return EXIT.fine;
}

function wanted(where: string): { readonly field: string; readonly is: string } {
  const at = where.indexOf('=');
  if (at >= 1) return { field: where.slice(0, at), is: where.slice(at + 1) };
  throw new SluiceError('usage', {
    message: `--where is '${where}'`,
    remedy: 'give FIELD=VALUE, such as correct=yes',
  });
}
