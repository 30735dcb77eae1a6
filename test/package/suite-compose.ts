/**
 * What docker-compose.yml describes, run by hand where there is no container engine: a real PostgreSQL with pgvector, a
 * Temporal server, and the image's files with exactly the environment that the file gives the worker. Part of the
 * package's tests, which have built `dist` by then: a second file would build it again, and under the first one's hands.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { noPostgres, startPostgres, type TestDatabase } from '../support/postgres.ts';
import { readComposeFile } from './compose-file.ts';

const root = join(import.meta.dirname, '../..');

export function describeCompose(): void {
  describe.skipIf(noPostgres !== undefined)(`the processes of docker-compose.yml ${noPostgres ?? ''}`, () => {
    let database: TestDatabase;
    let app: string;
    let environment: NodeJS.ProcessEnv;
    let worker: ChildProcess;
    let said: string;

    beforeAll(async () => {
      app = await layOutImage();
      database = await startPostgres();
      environment = { PATH: process.env.PATH, NODE_ENV: 'production', ...workerEnvironment(database.url) };
      worker = sluice(app, environment, ['worker']);
      said = await firstLine(worker);
    });

    afterAll(async () => {
      if (worker.exitCode === null) worker.kill('SIGKILL');
      await database.stop();
      await rm(app, { recursive: true });
    });

    it('the worker comes up on the servers it is given', () => {
      expect(said).toContain(`worker on ${inject('temporalAddress')}`);
    });

    it('the image’s health check passes', async () => {
      expect(await ended(sluice(app, environment, ['doctor', '--quiet']))).toMatchObject({ code: 0 });
    });

    it('documents become an index, and a question is answered from it', async () => {
      const source = join(root, 'node_modules/ai/docs/03-ai-sdk-core');
      const ingested = await ended(sluice(app, environment, ['ingest', source, '--index', 'ai-docs', '--json']));
      expect(ingested.code, ingested.stderr).toBe(0);
      const asked = await ended(sluice(app, environment, ['ask', 'docs-bot', 'How do I generate text?', '--json']));
      expect(asked.code, asked.stderr).toBe(0);
      const { output, temporalUrl } = JSON.parse(asked.stdout) as {
        output: { citations: object[] };
        temporalUrl: string;
      };
      expect(output.citations).not.toEqual([]);
      expect(temporalUrl).toMatch(/^http:\/\/localhost:8233\/namespaces\/default\/workflows\/run-/);
    });

    it('the worker ends cleanly when it is asked to', async () => {
      worker.kill('SIGTERM');
      expect(await once(worker, 'exit')).toEqual([0, null]);
    });
  });
}

/** The Dockerfile's last stage: what was built, beside the dependencies, as a folder of a project. */
async function layOutImage(): Promise<string> {
  const app = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  await cp(join(root, 'dist'), app, { recursive: true });
  await cp(join(root, 'package.json'), join(app, 'package.json'));
  await symlink(join(root, 'node_modules'), join(app, 'node_modules'));
  return app;
}

/** The worker's environment, with the addresses of the servers that stand for those of the file. */
function workerEnvironment(databaseUrl: string): { readonly [name: string]: string } {
  const given = Object.entries(readComposeFile().services.worker!.environment);
  const addresses: { readonly [name: string]: string } = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    DATABASE_URL: databaseUrl,
  };
  return Object.fromEntries(given.map(([name, value]) => [name, addresses[name] ?? String(value)]));
}

function sluice(cwd: string, env: NodeJS.ProcessEnv, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(cwd, 'src/cli/main.js'), ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const errors: string[] = [];
  child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error(`it ended without a line: ${errors.join('')}`);
}

async function ended(child: ChildProcess): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}
