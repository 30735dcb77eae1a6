/** The guides in a copy of the project: what they show compiles, is the real pipeline, and the six edits make a step. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { drawPlan } from '../../src/plan/draw.ts';
import { planId } from '../../src/plan/id.ts';
import { applyEdit, blocksIn, DOCUMENTS, read, root } from './read.ts';

const shownBot = blocksIn(read('docs/guides/docs-bot.md'));
const programs = DOCUMENTS.filter((path) => path !== 'docs/guides/docs-bot.md').flatMap((path) =>
  blocksIn(read(path))
    .filter(({ language, about }) => language === 'ts' && about === '')
    .map(({ text }) => ({ path, text })),
);

let folder: string;
beforeAll(async () => {
  folder = await copyProject();
});
afterAll(() => rm(folder, { recursive: true }));

describe('docs/guides/docs-bot.md', () => {
  it('has the picture that `plan draw docs-bot` draws', () => {
    expect(shownBot.find(({ language }) => language === 'mermaid')?.text.trim()).toBe(drawPlan(docsBot.plan).trim());
  });

  it('shows the pipeline that runs', async () => {
    const imports = (await readFile(join(folder, 'pipelines/docs-bot.ts'), 'utf8')).match(/^import [^;]*;$/gm)!;
    const shown = shownBot.filter(({ language }) => language === 'ts').map(({ text }) => text);
    expect(shown).toHaveLength(1);
    const file = join(folder, 'pipelines/shown.ts');
    await writeFile(file, [...imports, ...shown].join('\n'));
    const { docsBot: copy } = (await import(file)) as { docsBot: typeof docsBot };
    expect(planId(copy.plan)).toBe(planId(docsBot.plan));
    await rm(file);
  });
});

/** One run of the compiler for all of it: most of its time is for the project itself. */
describe('the six edits of docs/guides/first-step.md, and the programs in all documents', () => {
  it('compile against the subpaths of the package, and a planted mistake is found', async () => {
    const edits = blocksIn(read('docs/guides/first-step.md')).filter(({ language }) => language === 'diff');
    expect(edits).toHaveLength(6);
    for (const { about, text } of edits) {
      const file = join(folder, about);
      await writeFile(file, applyEdit(existsSync(file) ? await readFile(file, 'utf8') : '', text));
    }
    expect(programs.length).toBeGreaterThan(6);
    for (const [at, { text }] of programs.entries())
      await writeFile(join(folder, `document-${at}.ts`), `${text}\nexport {};\n`);
    await writeFile(join(folder, 'planted.ts'), "import { connect } from 'sluice/client';\nconnect(7);\n");
    const config = { extends: './tsconfig.json', compilerOptions: { paths: subpaths() } };
    await writeFile(join(folder, 'tsconfig.documents.json'), JSON.stringify(config));
    const { stdout } = await run(folder, 'node_modules/.bin/tsc', '--noEmit', '--project', 'tsconfig.documents.json');
    const problems = stdout.split('\n').filter((line) => /^\S/.test(line));
    const named = problems.map((line) =>
      line.replace(/^document-(\d+)\.ts/, (_, at) => `${programs[Number(at)]!.path}, program ${at}`),
    );
    expect(named).toEqual([expect.stringContaining('planted.ts(2,9): error TS2559')]);
  });

  it('make a variant that replaces one step', async () => {
    const diff = await run(folder, process.execPath, 'src/cli/main.ts', 'plan', 'diff', 'docs-bot', 'docs-bot:titled');
    expect(diff.stdout).toMatch(/\nranked: rerank@2 -> titleFirst@1\n/);
  });
});

/** The sources behind the package's subpaths, as the compiler takes them. */
function subpaths(): { readonly [name: string]: readonly string[] } {
  const { exports } = JSON.parse(read('package.json')) as {
    exports: { readonly [subpath: string]: string | { readonly types: string } };
  };
  const typed = Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[`sluice${subpath.slice(1)}`, target.types] as const],
  );
  return Object.fromEntries(
    typed.map(([name, types]) => [name, [types.replace('./dist/', './').replace('.d.ts', '.ts')]]),
  );
}

/** What one looks at to edit: the code, and what the compiler needs. */
async function copyProject(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'sluice-docs-'));
  for (const part of ['src', 'workflows', 'activities', 'pipelines', 'dashboard', 'tsconfig.json', 'package.json'])
    await cp(join(root, part), join(copy, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
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
