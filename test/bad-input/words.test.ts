/** What is wrong in the command's own words (a question, a name, a plan in a file) is said before any server is asked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServices } from '../../src/cli/command.ts';
import { loadPipelines } from '../../src/host/project.ts';
import { type Ran, run } from '../cli/fakes.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-words-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Over this repository's own pipelines; that no server is expected is the fakes' own check. */
async function sluice(...argv: string[]): Promise<Ran> {
  const { pipelines } = createServices({ folder: repository, environment: {} });
  const untouched = () => Promise.reject(new Error('a server was asked'));
  return run(argv, { services: { pipelines, connect: untouched, start: untouched, openStore: untouched } });
}

async function fileOf(name: string, value: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

describe('a question', () => {
  it.each([
    ['empty', '', 'ask something: the question is blank'],
    ['blank', ' \n\t ', 'ask something: the question is blank'],
    ['of a megabyte', 'why '.repeat(262_144), 'shorten the question to 8,000 characters'],
    ['with a NUL character', 'why\0?', "holds a NUL character or half a surrogate pair at 'question'"],
    ['with half a surrogate pair', 'why\ud83d?', "holds a NUL character or half a surrogate pair at 'question'"],
  ])('that is %s is refused, with the field and what to do', async (_name, question, words) => {
    const file = await fileOf('input.json', { question });
    for (const argv of [[question], ['--input', `@${file}`]]) {
      const { code, stdout, stderr } = await sluice('ask', 'docs-bot', ...argv);
      expect(stderr).toMatch(/^✖ the input /);
      expect(stderr).toContain(words);
      expect(stderr.length).toBeLessThan(500);
      expect([code, stdout]).toEqual([1, '']);
    }
  });

  it('of a megabyte is refused as JSON, too, with its issues as data', async () => {
    const { stdout } = await sluice('ask', 'docs-bot', 'x'.repeat(1_000_000), '--json');
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'input_invalid',
      data: { issues: [{ path: ['question'], message: expect.stringContaining('8,000') }] },
    });
  });
});

describe('a pipeline', () => {
  it.each([
    ['ask', ['ask', 'doc-bot', 'Why?']],
    ['plan show', ['plan', 'show', 'docs-bott']],
    ['plan diff', ['plan', 'diff', 'docs-bot', 'dosc-bot']],
  ])('that is not there is answered with the nearest name: %s', async (_name, argv) => {
    const { code, stderr } = await sluice(...argv);
    expect(stderr).toMatch(/^✖ there is no pipeline '.*'\n {2}did you mean 'docs-bot'\?\n$/);
    expect(code).toBe(1);
  });

  it('is meant by a beginning that its variants share; a variant by its own', async () => {
    const named = async (name: string) => (await sluice('plan', 'show', name)).stdout.split(' ')[0];
    expect([await named('docs-b'), await named('docs-bot:n'), await named('docs-bot')]).toEqual([
      'docs-bot',
      'docs-bot:narrow',
      'docs-bot',
    ]);
    expect((await sluice('plan', 'show', 'docs-bot:')).stderr).toMatch(/^✖ \d+ pipeline names begin with 'docs-bot:'/);
  });
});

describe('a plan in a file', () => {
  const plans = async () => {
    const docsBot = (await loadPipelines(repository)).get('docs-bot')!.plan;
    return { docsBot, edit: (change: (text: string) => string) => JSON.parse(change(JSON.stringify(docsBot))) };
  };

  it('with a cycle is refused with its way round', async () => {
    const { docsBot } = await plans();
    const nodes = docsBot.nodes.map((node) =>
      node.kind === 'step' && node.id === 'enhance'
        ? { ...node, input: { $object: { question: { $from: ['ranked', 'query'] } } } }
        : node,
    );
    const { code, stderr } = await sluice('plan', 'show', await fileOf('cycle.json', { ...docsBot, nodes }));
    expect(stderr).toContain('closes a cycle: enhance → ');
    expect(code).toBe(1);
  });

  it('that reads a node it has not is refused by the name, and the nearest', async () => {
    const { edit } = await plans();
    const plan = edit((text) => text.replaceAll('["fused","passages"]', '["fusd","passages"]'));
    const { code, stderr } = await sluice('plan', 'draw', await fileOf('unknown.json', plan));
    expect(stderr).toContain("'ranked' (input) reads 'fusd.passages', but no node has that id");
    expect(stderr).toContain("did you mean 'fused'?");
    expect(code).toBe(1);
  });

  it.each([
    ['that is no JSON', '{"format": 1,', 'is not JSON'],
    ['that is no plan', '{"format": 1}', 'the plan cannot run: pipeline: '],
    ['of a later format', '{"format": 99}', '99'],
    ['that is a megabyte of brackets', '['.repeat(1_000_000), 'is not JSON'],
  ])('%s is refused as that, and what to do is said', async (_name, text, words) => {
    const { code, stderr } = await sluice('plan', 'show', await fileOf('other.json', text));
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n').length).toBeGreaterThan(1);
    expect(stderr).not.toContain('should not');
    expect(code).toBe(1);
  });

  it('that is not there is named', async () => {
    const { code, stderr } = await sluice('plan', 'show', join(folder, 'nowhere.json'));
    expect(stderr).toMatch(/^✖ '.*nowhere\.json' cannot be read\n.*no such file.*\n {2}check the path\n$/);
    expect(code).toBe(1);
  });
});
