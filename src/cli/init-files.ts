/** What `init` writes around the pipelines. */
import type { PackageFacts } from './package.ts';

export interface ProjectNames {
  readonly name: string;
  readonly index: string;
  readonly own: PackageFacts;
}

/** Paths and texts, in the order in which one would read them. */
export function projectFiles({ name, index, own }: ProjectNames): [path: string, text: string][] {
  return [
    ['README.md', readme(name, index)],
    ['package.json', json(packageJson(name, index, own))],
    ['tsconfig.json', json(TSCONFIG)],
    ['.gitignore', 'node_modules\n.sluice\n'],
    ['docker-compose.yml', COMPOSE],
    ['docs/sluice.md', DOCUMENT],
  ];
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function packageJson(name: string, index: string, { version, dependencies, devDependencies }: PackageFacts): object {
  return {
    name: name === '' ? 'my-pipelines' : name,
    private: true,
    type: 'module',
    scripts: {
      dev: 'sluice dev',
      ingest: `sluice ingest docs --index ${index}`,
      ask: 'sluice ask docs-bot',
      doctor: 'sluice doctor',
      typecheck: 'tsc --noEmit',
    },
    dependencies: { sluice: `^${version}`, zod: dependencies.zod },
    devDependencies: { typescript: devDependencies.typescript },
    // Neither is needed; npm asks about those that nobody has decided about.
    allowScripts: { '@swc/core': false, protobufjs: false },
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

A question-answering pipeline over your own documents, run as durable workflows.

\`\`\`sh
npm install
npm run ingest                          # docs/ becomes the index '${index}'
npm run ask -- "What is Sluice?"        # starts the servers for one question
npm run dev                             # or keep them running, and ask from another terminal
\`\`\`

| file | what it is |
| --- | --- |
| \`pipelines/docs-bot.ts\` | the pipeline, and variants of it |
| \`pipelines/steps.ts\` | the contract of each step: what it takes, gives and can be told |
| \`pipelines/schemas.ts\` | the data that flows between them |
| \`docs/\` | the documents: put your own here |
| \`docker-compose.yml\` | Temporal and PostgreSQL, for when the embedded ones are not enough |

See the graph with \`npx sluice plan draw docs-bot\`, the steps with \`npx sluice steps\`, and what is wrong with
\`npm run doctor\`. To use real servers: \`docker compose up -d\`, then

\`\`\`sh
export TEMPORAL_ADDRESS=localhost:7233 DATABASE_URL=postgres://sluice:sluice@localhost:5432/sluice
npx sluice worker
\`\`\`
`;

const DOCUMENT = `# Sluice

Sluice runs question-answering pipelines as durable workflows. A pipeline is a typed graph of steps, such as searching,
ranking and drafting an answer. Each step is retried by itself, so a crash loses no work.

## Asking

Ask a question with \`sluice ask docs-bot "your question"\`. The answer names the documents it was taken from.

## Indexing documents

Put Markdown files into the folder \`docs\` and run \`sluice ingest docs --index NAME\`. Documents that have not changed are
kept as they are, so indexing again is quick.
`;

const COMPOSE = `# Temporal, its UI, and PostgreSQL with pgvector: real servers on this machine.
services:
  temporal:
    image: temporalio/temporal:1.9.1
    command: server start-dev --ip 0.0.0.0 --db-filename /data/temporal.db
    ports: ['127.0.0.1:7233:7233', '127.0.0.1:8233:8233']
    volumes: ['temporal:/data']
    healthcheck:
      test: [CMD, temporal, operator, cluster, health]
      interval: 5s
      retries: 20
  postgres:
    image: pgvector/pgvector:pg18
    environment: { POSTGRES_USER: sluice, POSTGRES_PASSWORD: sluice, POSTGRES_DB: sluice }
    ports: ['127.0.0.1:5432:5432']
    volumes: ['postgres:/var/lib/postgresql']
    healthcheck:
      test: [CMD-SHELL, pg_isready -U sluice]
      interval: 5s
      retries: 20
volumes:
  temporal:
  postgres:
`;
