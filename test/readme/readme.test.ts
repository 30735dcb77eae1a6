/**
 * The README is held to: its picture and its pipeline are the real ones, its five edits can be made as they stand, its
 * links and commands exist, and its table of settings is complete.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { runProgram } from '../../src/cli/program.ts';
import { SETTINGS } from '../../src/config/config-environment.ts';
import { drawPlan } from '../../src/plan/draw.ts';
import { planId } from '../../src/plan/id.ts';
import { applyEdit, blocksIn, commandsIn, linksIn, readme, scriptsIn } from './read.ts';

const root = join(import.meta.dirname, '../..');
const blocks = blocksIn(readme);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };

describe('the README', () => {
  it('links to what exists', () => {
    const links = linksIn(readme);
    expect(links.length).toBeGreaterThan(15);
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    expect(scriptsIn(readme)).toEqual(expect.arrayContaining(['demo', 'check', 'sluice']));
    expect(scriptsIn(readme).filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names commands and options that exist', async () => {
    const commands = commandsIn(readme);
    expect(commands.length).toBeGreaterThan(10);
    for (const words of commands) {
      const [first = '', second = ''] = words;
      const path =
        ['index', 'plan', 'eval', 'judge', 'experiment', 'rollout', 'monitor', 'shadow', 'keys', 'runs'].includes(
          first,
        ) && second !== ''
          ? [first, second]
          : [first];
      const { code, text } = await helpOf(path);
      expect(code, words.join(' ')).toBe(0);
      expect(text).toMatch(new RegExp(`^Usage: sluice ${path.join(' ')} `));
      for (const option of words.filter((word) => word.startsWith('--'))) expect(text).toContain(option);
    }
  });

  it('has every command in its table', async () => {
    const { text } = await helpOf([]);
    const all = [...text.matchAll(/^ {2}(?<name>[a-z]+) /gm)].map(({ groups }) => groups?.name);
    const named = new Set(commandsIn(readme).map(([name]) => name));
    expect(all.filter((name) => name !== 'help' && !named.has(name!))).toEqual([]);
  });

  it('shows clients as the tests run them', async () => {
    const shown = blocks.filter(({ about }) => about.startsWith('test/'));
    expect(shown.map(({ language }) => language)).toEqual(['ts', 'python']);
    for (const { about, text } of shown) expect(await readFile(join(root, about), 'utf8')).toContain(text.trim());
  });

  it('has every setting in its table, and no other', () => {
    const rows = readme.split('\n').filter((line) => /^\| `[A-Z]/.test(line));
    const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(?<name>\w+)`/g)].map((found) => found[1]));
    expect(named.sort()).toEqual([...SETTINGS].sort());
  });

  it('has the picture that `plan draw docs-bot` draws', () => {
    expect(blocks.find(({ language }) => language === 'mermaid')?.text.trim()).toBe(drawPlan(docsBot.plan).trim());
  });
});

describe('in a copy of the project', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await copyProject();
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('the pipeline shown is the one that runs', async () => {
    const imports = (await readFile(join(folder, 'pipelines/docs-bot.ts'), 'utf8')).match(/^import [^;]*;$/gm)!;
    const shown = blocks.filter(({ language, about }) => language === 'ts' && about === '').map(({ text }) => text);
    expect(shown).toHaveLength(1);
    const file = join(folder, 'pipelines/shown.ts');
    await writeFile(file, [...imports, ...shown].join('\n'));
    const { docsBot: copy } = (await import(file)) as { docsBot: typeof docsBot };
    expect(planId(copy.plan)).toBe(planId(docsBot.plan));
  });

  it('what else is shown is in the file that it names', async () => {
    const shown = blocks.filter(({ language, about }) => language === 'ts' && about.startsWith('pipelines/'));
    expect(shown.length).toBeGreaterThan(0);
    for (const { about, text } of shown) expect(await readFile(join(folder, about), 'utf8')).toContain(text.trim());
  });

  it('the five edits make a step of one’s own', async () => {
    const edits = blocks.filter(({ language }) => language === 'diff');
    expect(edits).toHaveLength(5);
    for (const { about, text } of edits) {
      const file = join(folder, about);
      await writeFile(file, applyEdit(existsSync(file) ? await readFile(file, 'utf8') : '', text));
    }
    expect(await run(folder, 'node_modules/.bin/tsc', '--noEmit')).toMatchObject({ code: 0, stdout: '' });
    const diff = await run(folder, process.execPath, 'src/cli/main.ts', 'plan', 'diff', 'docs-bot', 'docs-bot:titled');
    expect(diff.stdout).toMatch(/\nranked: rerank@2 -> titleFirst@1\n/);
  });
});

/** What one looks at to edit: the code, and what the compiler needs. */
async function copyProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-readme-'));
  for (const part of ['src', 'workflows', 'activities', 'pipelines', 'tsconfig.json', 'package.json'])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function run(
  cwd: string,
  program: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

async function helpOf(path: readonly string[]): Promise<{ code: number; text: string }> {
  let [code, text] = [0, ''];
  const output = { write: (more: string) => (text += more) };
  await runProgram([...path, '--help'], {
    stdout: output,
    stderr: output,
    environment: {},
    folder: root,
    signal: new AbortController().signal,
    exit: (given) => {
      code = given;
    },
  });
  return { code, text };
}
