/**
 * `sluice init`: a small project to begin with. Its pipelines are this package's own, which its tests run, copied and
 * made to import the package. Nothing is ever overwritten: what is there already is kept, and said.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readPackage } from '../base/package.ts';
import { checkIndexName } from '../store/indexes.ts';
import { actingCommand, runAction, type World } from './command.ts';
import { projectFiles } from './init-files.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';

interface InitOptions {
  readonly index: string;
}

/** The index that this package's own pipelines read. */
const OWN_INDEX = 'ai-docs';

export function initCommand(world: World): Command {
  return actingCommand('init', {
    summary: 'begin a project: pipelines, documents and questions to try, and what runs them',
    examples: [
      ['init', 'in this folder'],
      ['init my-bot --index handbook', 'in a new folder, for an index of that name'],
    ],
  })
    .argument('[folder]', 'where', '.')
    .option('--index <name>', 'the index that the pipeline reads', 'docs')
    .action((folder: string, options: InitOptions, command: Command) =>
      runAction(world, command, (session) => init(session, folder, options)),
    );
}

async function init({ terminal, folder: here }: Session, given: string, { index }: InitOptions): Promise<ExitCode> {
  checkIndexName(index);
  const folder = resolve(here, given);
  const own = readPackage();
  const files = [
    ...projectFiles({
      name: basename(folder)
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, '-'),
      index,
      own,
    }),
    ...(await pipelineFiles(own.folder, index)),
  ];
  const kept: string[] = [];
  for (const [path, text] of files) {
    const isNew = await writeNew(join(folder, path), text);
    if (isNew) terminal.note(`wrote ${path}`);
    else kept.push(path);
  }
  if (kept.length > 0) terminal.warn(`kept as they were: ${kept.join(', ')}`);
  terminal.print(`a project is in ${folder}; next:`);
  if (folder !== here) terminal.print(`  cd ${given}`);
  for (const line of ['npm install', 'npm run ingest', 'npm run ask -- "What is Sluice?"']) terminal.print(`  ${line}`);
  terminal.print('its README.md says the rest: steps of your own, and real servers');
  return EXIT.fine;
}

async function pipelineFiles(packageFolder: string, index: string): Promise<[path: string, text: string][]> {
  const folder = join(packageFolder, 'pipelines');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const text = await readFile(join(folder, name), 'utf8');
      const own = text
        .replaceAll("'../src/index.ts'", "'sluice'")
        .replaceAll("'../src/steps/index.ts'", "'sluice/steps'")
        .replaceAll(`'${OWN_INDEX}'`, `'${index}'`)
        .replaceAll(`datasets/${OWN_INDEX}.jsonl`, `datasets/${index}.jsonl`);
      return [join('pipelines', name), own];
    }),
  );
}

/** False when there is such a file already. */
async function writeNew(file: string, text: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
