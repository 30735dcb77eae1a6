/** The program as a process: what only a real one can show. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const program = fileURLToPath(new URL('../../src/cli/program.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-process-'));
});
afterAll(() => rm(folder, { recursive: true }));

function sluice(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return node(main, ...argv);
}

function node(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

describe('help', () => {
  it('lists the commands on stdout, also when nothing is asked', async () => {
    for (const argv of [[], ['--help'], ['help']]) {
      const { code, stdout, stderr } = await sluice(...argv);
      for (const command of ['dev', 'ingest', 'ask', 'search', 'index', 'steps', 'runs', 'plan', 'worker', 'doctor'])
        expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
      expect([code, stderr]).toEqual([0, '']);
    }
  });

  it('of a command has its examples', async () => {
    const { code, stdout } = await sluice('ask', '--help');
    expect(stdout).toContain('$ sluice ask docs-bot "How do I stream a response?" --json');
    expect(code).toBe(0);
  });

  it('of the version is the package’s', async () => {
    expect((await sluice('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('loads neither Temporal nor the database nor zod', async () => {
    const script = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ resolve: (name, context, next) => { const found = next(name, context); loaded.push(found.url); return found; } });
      const { runProgram } = await import(${JSON.stringify(program)});
      await runProgram(['--help'], { stdout: { write() {} }, stderr: process.stderr, environment: {}, folder: '.',
        signal: new AbortController().signal, exit() {} });
      process.stdout.write(JSON.stringify(loaded));`;
    const { stdout, stderr } = await node('--input-type=module', '--eval', script);
    expect(stderr).toBe('');
    const packages = new Set(
      (JSON.parse(stdout) as string[]).map((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]),
    );
    expect(packages).toContain('commander');
    for (const heavy of ['zod', 'pg', '@temporalio/client', '@temporalio/worker', '@electric-sql/pglite'])
      expect(packages).not.toContain(heavy);
  });
});

describe('exit codes', () => {
  it.each([
    ['an unknown command', ['aks'], "✖ unknown command 'aks'\n  did you mean 'ask'? all of them: sluice --help\n"],
    [
      'an unknown subcommand',
      ['plan', 'shw'],
      "✖ unknown command 'shw'\n  did you mean 'show'? all of them: sluice plan --help\n",
    ],
    [
      'an unknown option',
      ['runs', '--jsn'],
      "✖ unknown option '--jsn'\n  did you mean '--json'? all of them: sluice runs --help\n",
    ],
    ['a missing argument', ['ask'], "✖ missing required argument 'pipeline'\n  see: sluice ask --help\n"],
  ])('2 for %s', async (_name, argv, words) => {
    expect(await sluice(...argv)).toEqual({ code: 2, stdout: '', stderr: words });
  });

  it('2 and help for a command that needs another', async () => {
    const { code, stdout, stderr } = await sluice('plan');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: sluice plan');
  });

  it('1, and no stack, outside of a project', async () => {
    const { code, stdout, stderr } = await sluice('steps');
    expect(stderr).toMatch(/^✖ there is no pipelines\/index\.ts in .*\n {2}go to the folder of your project, .*\n$/);
    expect([code, stdout]).toEqual([1, '']);
  });

  it('a stack with --debug', async () => {
    expect((await sluice('steps', '--debug')).stderr).toMatch(/\n\s+at /);
  });

  it('an error is JSON on stdout with --json', async () => {
    const { code, stdout } = await sluice('steps', '--json');
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'project_missing', data: { folder: expect.any(String) } });
    expect(code).toBe(1);
  });
});

describe('the end of the process', () => {
  const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
  const zod = fileURLToPath(new URL('../../node_modules/zod/index.js', import.meta.url));
  /** Steps of long descriptions, in a project that leaves a timer of a day behind. */
  const project = `
    import { z } from ${JSON.stringify(zod)};
    import { definePipeline, defineStep } from ${JSON.stringify(source)};
    setInterval(() => undefined, 86_400_000);
    const Text = z.object({ text: z.string().describe('long '.repeat(60_000)) });
    const policy = { attempts: 1, timeout: '1 second' };
    export const pipelines = ['one', 'two', 'three'].map((name) => {
      const step = defineStep(name, { version: 1, input: Text, output: Text, effect: 'read', policy });
      return definePipeline('bot-' + name, Text).step('said', step, ({ input }) => input).output(Text, ({ said }) => said);
    });
  `;

  /** A command that writes more than a pipe holds. */
  async function writeMuch() {
    await mkdir(join(folder, 'pipelines'), { recursive: true });
    await writeFile(join(folder, 'pipelines/index.ts'), project);
    return spawn(process.execPath, [main, 'steps', '--json'], { cwd: folder });
  }

  it('comes after all that was written has been read, however slowly, and whatever was left behind', async () => {
    const child = await writeMuch();
    const ended = once(child, 'close');
    let text = '';
    // A chunk at a time, the next when all else that waits has had its turn.
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      text += chunk;
      await new Promise(setImmediate);
    }
    expect(await ended, text.slice(0, 2_000)).toEqual([0, null]);
    expect(text.length).toBeGreaterThan(1_500_000);
    expect(JSON.parse(text)).toHaveLength(3);
  });

  it('comes at one signal where nobody reads', async () => {
    const child = await writeMuch();
    const ended = once(child, 'exit');
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    expect(await ended).toEqual([130, null]);
  });
});
