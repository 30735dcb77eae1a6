/**
 * `sluice init`: a small project to begin with. Its pipelines are this package's own, which its tests run, copied and
 * made to import the package. Nothing is ever overwritten: what is there already is kept, and said.
 */

import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type PackageFacts, readPackage } from '../base/package.ts';
import { checkIndexName } from '../store/indexes.ts';
import { actingCommand, runAction, type World } from './command.ts';
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

interface ProjectNames {
  readonly name: string;
  readonly index: string;
  readonly own: PackageFacts;
}

/** To have something to ask about; the questions of the dataset are about them. */
const DOCUMENTS = ['sluice.md', 'indexing.md', 'pipelines.md'];

/** Paths and texts, in the order in which one would read them. */
function projectFiles({ name, index, own }: ProjectNames): [path: string, text: string][] {
  return [
    ['README.md', readme(name, index)],
    ['package.json', json(packageJson(name, index, own))],
    ['tsconfig.json', json(TSCONFIG)],
    ['.gitignore', 'node_modules\n.sluice\n.env\n'],
    ['docker-compose.yml', template('docker-compose.yml')],
    ['temporal.yaml', template('temporal.yaml')],
    ['postgres-roles.sql', template('postgres-roles.sql')],
    ...DOCUMENTS.map((document): [string, string] => [`docs/${document}`, template(document)]),
    [`pipelines/datasets/${index}.jsonl`, template('questions.jsonl')],
  ];
}

/** Files that are written as they are: they lie beside this code, and are held to this project's own by a test. */
const template = (name: string) => readFileSync(new URL(`./init/${name}`, import.meta.url), 'utf8');

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function packageJson(name: string, index: string, own: PackageFacts): object {
  const { version, engines, dependencies, devDependencies } = own;
  return {
    name: name === '' ? 'my-pipelines' : name,
    private: true,
    type: 'module',
    engines,
    scripts: {
      dev: 'sluice dev',
      ingest: `sluice ingest docs --index ${index}`,
      ask: 'sluice ask docs-bot',
      search: `sluice search --index ${index}`,
      evaluate: 'sluice eval run retrieval',
      doctor: 'sluice doctor',
      typecheck: 'tsc --noEmit',
    },
    dependencies: { sluice: `^${version}`, zod: dependencies.zod },
    devDependencies: { typescript: devDependencies.typescript },
    // Neither is needed; npm asks about those that nobody has decided about.
    allowScripts: { '@swc/core': false, protobufjs: false, '@scarf/scarf': false },
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['pipelines', 'activities'],
};

const readme = (name: string, index: string) => `# ${name === '' ? 'Pipelines' : name}

A question-answering pipeline over your own documents, run as durable workflows: every step is retried, timed and
recorded by itself. Needs Node 22.18 or newer, and no key; to fetch Temporal's server once, Python 3 with pip.

\`\`\`sh
npm install
npm run ingest                          # docs/ becomes the index '${index}'
npm run ask -- "What is Sluice?"        # starts the servers for one question
npm run evaluate                        # does a variant find more? verdicts with intervals
npm run dev                             # or keep them running, and ask from another terminal
\`\`\`

| file | what it is |
| --- | --- |
| \`pipelines/docs-bot.ts\` | the pipeline, and variants of it |
| \`pipelines/docs-search.ts\` | search alone, without an answer: where retrieval is tuned |
| \`pipelines/docs-search.evaluations.ts\`, \`docs-bot.evaluations.ts\` | which variants are compared on which questions, and what would count as better |
| \`pipelines/docs-bot.experiments.ts\`, \`docs-search.experiments.ts\` | which variants are tried on live traffic, what is measured of it, and what may not get worse |
| \`pipelines/wandbot.ts\` | a second pipeline, of another shape |
| \`pipelines/conversation.ts\` | a conversation as a question: what makes the pipelines models for clients of OpenAI's protocol |
| \`pipelines/datasets/${index}.jsonl\` | questions, each with the documents that answer it: what changes of the pipeline can be measured on |
| \`docs/\` | the documents: put your own here, and questions about them into the dataset |
| \`.sluice/\` | the state of the embedded servers: indexes, runs, histories |
| \`docker-compose.yml\` | Temporal and PostgreSQL, for when the embedded ones are not enough |

The pipeline asks models of Cohere and OpenAI where \`CO_API_KEY\` and \`OPENAI_API_KEY\` are set, on an index that is
embedded with the same model (\`--embed openai/text-embedding-3-small\`). Where \`OPENAI_BASE_URL\` names a server of your
own and \`CO_API_KEY\` is not set, its variant \`docs-bot:own-server\` runs: that server writes, local algorithms search.
Else \`docs-bot:local\` runs, which needs neither. The command says which.

See the graph with \`npx sluice plan draw docs-bot\`, the steps with \`npx sluice steps\`, the runs with
\`npx sluice runs\`, and what is wrong with \`npm run doctor\`.

## A step of your own

The functions behind the steps are built in until \`activities/index.ts\` gives others. This one takes the place of the
reranker, under the same contract:

\`\`\`ts
// activities/index.ts
import { builtInActivities, implement, type MakeImplementations } from 'sluice/worker';
import { rerank } from 'sluice/steps';

const shortestFirst = implement(rerank, ({ passages }, { config }) => ({
  passages: passages.toSorted((a, b) => a.text.length - b.text.length).slice(0, config.topN),
}));

export const createActivities: MakeImplementations = (dependencies) => [
  ...builtInActivities(dependencies).filter(({ step }) => step.name !== rerank.name),
  shortestFirst,
];
\`\`\`

A step with a new contract is defined by \`defineStep\` in a file of your own, placed in \`pipelines/docs-bot.ts\`, and implemented
likewise.

## Real servers

\`\`\`sh
(umask 077; for name in POSTGRES SLUICE_POSTGRES TEMPORAL_POSTGRES; do echo "$\{name}_PASSWORD=$(openssl rand -hex 32)"; done >> .env)
docker compose up --detach
. ./.env
export TEMPORAL_ADDRESS=localhost:7233 DATABASE_URL=postgres://sluice:$SLUICE_POSTGRES_PASSWORD@localhost:5432/sluice
npx sluice worker                       # as many as the load asks for, where they can read docs/
\`\`\`

With these two set, every command works on those servers: \`npm run ingest\`, \`npm run ask\`. The first line makes the
passwords. PostgreSQL takes them when its volume is empty, so it is given once; keep \`.env\` to yourself.
`;
