/**
 * Who may import what, besides the order of test/layers.test.ts. Definitions do no I/O, so that a worker, a client, a tool and a test can load them alike; each
 * provider, and the database, is spoken to from one place; and statistics need nothing but numbers.
 */
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { type Import, importsIn, importsOf } from './support/imports.ts';

const root = join(import.meta.dirname, '..');
/** What the bundler says of a refusal is in its error, too. */
const logger = new DefaultLogger('ERROR', () => undefined);
const SOURCES = '{src,workflows,activities,pipelines}/**/*.ts';

/** Answers cases on standard input: the one file of the statistics that is a program. */
const STATISTICS_PROGRAM = 'src/stats/stats-case.ts';

interface Rule {
  readonly says: string;
  readonly forbids: (found: Import) => boolean;
  /** Imports that would break the rule: a rule that lets them pass is none. */
  readonly planted: readonly [file: string, source: string][];
}

const isWithin = (folder: string, path: string) => path.startsWith(`${folder}/`);
const isOurs = (path: string) => /^(src|workflows|activities|pipelines|test|bench|scripts)\//.test(path);

const RULES: readonly Rule[] = [
  {
    says: 'pipelines import sluice, its steps, zod and their own files',
    forbids: ({ file, target }) =>
      isWithin('pipelines', file) &&
      !isWithin('pipelines', target) &&
      !['src/index.ts', 'src/steps/index.ts', 'zod'].includes(target),
    planted: [
      ['pipelines/docs-bot.ts', "import { step } from '../src/dsl/step.ts';"],
      ['pipelines/datasets/all.ts', "import { readFile } from 'node:fs/promises';"],
      ['pipelines/docs-bot.ts', "export { rerank } from '../src/steps/retrieval.ts';"],
    ],
  },
  {
    says: 'only src/models imports a provider’s SDK',
    forbids: ({ file, target }) => ['openai', 'cohere-ai'].includes(target) && !isWithin('src/models', file),
    planted: [
      ['src/steps/generate.ts', "import OpenAI from 'openai';"],
      ['src/worker/worker.ts', "const { CohereClient } = await import('cohere-ai');"],
    ],
  },
  {
    says: 'only src/store imports a database driver',
    forbids: ({ file, target }) => ['pg', 'pgvector'].includes(target) && !isWithin('src/store', file),
    planted: [
      ['src/embedded/postgres.ts', "import type { Pool } from 'pg';"],
      ['src/steps/retrieval.ts', "import { toSql } from 'pgvector/pg';"],
    ],
  },
  {
    says: 'src/stats imports nothing else of the project, and does no I/O',
    forbids: ({ file, target }) =>
      isWithin('src/stats', file) &&
      !isWithin('src/stats', target) &&
      (isOurs(target) || (target.startsWith('node:') && file !== STATISTICS_PROGRAM)),
    planted: [
      ['src/stats/gate.ts', "import { SluiceError } from '../base/errors.ts';"],
      ['src/stats/interim-analysis.ts', "import { readFileSync } from 'node:fs';"],
    ],
  },
];

describe('imports', () => {
  it.each(RULES)('$says', async ({ forbids }) => {
    const imports = await importsOf(SOURCES);
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.filter(forbids)).toEqual([]);
  });

  it.each(RULES)('a breach of "$says" is found', ({ forbids, planted }) => {
    for (const [file, source] of planted) expect(importsIn(file, source).filter(forbids)).toHaveLength(1);
  });
});

describe('definitions load where there is no I/O at all', () => {
  it.each(['pipelines/index.ts', 'src/index.ts'])('%s', async (file) => {
    await expect(bundleAsWorkflow(join(root, file))).resolves.toContain('definePipeline');
  });

  it('a file that reads a file does not', async () => {
    await expect(bundleAsWorkflow(join(root, 'test/planted/definition-with-io.ts'))).rejects.toThrow();
  });
});

/** Temporal's bundler refuses what a sandbox cannot have: Node's modules, and its own client and worker. */
async function bundleAsWorkflow(workflowsPath: string): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: logger });
  return code;
}
