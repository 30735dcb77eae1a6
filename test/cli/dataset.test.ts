/** `sluice dataset`, whole, over the embedded database. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDataset } from '../../src/dsl/dataset.ts';
import { readDataset } from '../../src/evaluation/dataset-file.ts';
import { loadDatasets } from '../../src/host/project.ts';
import type { RunOutcome } from '../../src/plan/plan.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';
import { run as runCommand } from './fakes.ts';

let folder: string;
let embedded: TestDatabase;
let database: Database;
let store: Store;
beforeAll(async () => {
  [folder, embedded] = await Promise.all([mkdtemp(join(tmpdir(), 'sluice-dataset-')), startPglite()]);
  database = openDatabase(embedded.url);
  store = createStore(database);
});
afterAll(async () => {
  await database?.close();
  await embedded?.stop();
  await rm(folder, { recursive: true });
});

const defined = defineDataset('defined', {
  input: z.object({ question: z.string() }),
  expected: z.object({ text: z.string() }),
  source: 'defined.csv',
});

async function run(line: string, ...more: string[]) {
  const runtime = { store, stop: async () => undefined, urlOf: String, isUiServed: false };
  const datasets = async () => new Map([['defined', { ...defined, source: join(folder, 'defined.csv') }]]);
  return runCommand(['dataset', ...line.split(' '), ...more], { runtime, services: { datasets } });
}

async function file(name: string, rows: readonly unknown[] | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof rows === 'string' ? rows : rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
}

const rows = [
  {
    id: 'stream',
    input: { question: 'How do I stream?' },
    expected: { answer: 'With streamText.' },
    tags: ['dev', 'short'],
  },
  { id: 'tools', input: { question: 'What is a tool?' }, relevant: { 'tools#1': 3 }, tags: ['final'] },
  { id: 'price', input: { question: 'What does it cost?' }, expected: { answerable: false } },
];

async function imported(
  name: string,
  content: readonly unknown[] = rows,
): Promise<{ version: string; created: boolean }> {
  const { stdout } = await run('import --json', await file(`${name}.jsonl`, content));
  return JSON.parse(stdout);
}

async function finishedRun(runId: string, outcome: RunOutcome = 'completed', output: unknown = { text: 'So.' }) {
  const input = { question: `${runId}?` };
  const begun = { runId, pipeline: 'docs-bot', planId: 'p', arms: {}, unit: null, idempotencyKey: null, input };
  await store.runs.begin(begun);
  await store.runs.complete(runId, { outcome, output: output as never, error: null, finishedAt: 1, nodes: [] });
}

describe('import', () => {
  it('makes a version, named for the file, and none of the same content again', async () => {
    const path = await file('fresh.jsonl', rows);
    const first = await run('import', path);
    expect(first.stdout).toMatch(/^fresh: 3 examples, 2 dev, 1 final\n {2}version [0-9a-f]{12}, number 1 /);
    expect(first.stderr).toContain('--pipeline NAME');
    expect(first.code).toBe(0);
    const again = await run('import --name fresh', await file('other.jsonl', rows.toReversed()));
    expect(again.stdout).toMatch(/^fresh: no new version; this content is version [0-9a-f]{12}, made 20/);
    expect(again.code).toBe(0);
    expect(await imported('fresh')).toMatchObject({ created: false, sequence: 1, splits: { dev: 2, final: 1 } });
  });

  it('checks inputs against a pipeline, and leaves nothing of a file that has problems', async () => {
    const path = await file('unfit.jsonl', [...rows, { id: 'x', input: { question: '' } }, { id: 'price', input: {} }]);
    const { stderr, stdout, code } = await run('import --pipeline docs --json', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /✖ '.*unfit\.jsonl' has 2 problems; nothing was imported\n {2}line 4: example 'x': input\.question/,
    );
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'dataset_invalid',
      data: { problems: [{ line: 4 }, { line: 5 }] },
    });
    expect((await run('show unfit')).stderr).toContain("there is no dataset 'unfit'");
    const fitting = await run('import --pipeline docs-bot', await file('fit.jsonl', rows));
    expect(fitting).toMatchObject({ code: 0, stderr: '' });
    expect((await run('import --pipeline docs-bit', path)).stderr).toContain("did you mean 'docs-bot'?");
  });

  it('reads the file of a defined dataset, by its schemas', async () => {
    await file('defined.csv', 'id,input.question,expected.text\na,why?,so\n');
    expect((await run('import --name defined')).stdout).toMatch(/^defined: 1 example$/m);
    const unfit = await run(
      'import --name defined',
      await file('more.csv', 'id,input.question,expected.txt\na,why?,so\n'),
    );
    expect(unfit.stderr).toContain("line 2: example 'a': expected.text: ");
    expect(await run('import --name nowhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('defined are: defined'),
    });
    expect((await run('import')).code).toBe(2);
  });

  it('says what a file is that it cannot take', async () => {
    expect((await run('import', join(folder, 'nowhere.jsonl'))).stderr).toContain('cannot be read');
    expect((await run('import', await file('a.txt', 'x'))).stderr).toContain('is neither .jsonl nor .csv');
    expect((await run('import', await file('-a.jsonl', rows))).stderr).toContain("'-a' cannot name a dataset");
    expect((await run('import --format csv', await file('list.txt', 'id,input.q\na,b\n'))).code).toBe(0);
  });
});

describe('list, show and diff', () => {
  it('tell what there is', async () => {
    await imported('shown');
    const { version } = await imported('shown', [...rows, { id: 'new', input: {} }]);
    const list = await run('list');
    expect(list.stdout).toMatch(new RegExp(`^shown +4 +${version.slice(0, 12)} +2 .* shown\\.jsonl$`, 'm'));
    expect(JSON.parse((await run('list --json')).stdout)).toContainEqual(expect.objectContaining({ dataset: 'shown' }));
    const { stdout } = await run('show sho');
    expect(stdout).toContain('shown: 4 examples');
    expect(stdout).toContain('3 dev · 1 final · 2 with an expectation · 1 with graded passages');
    expect(stdout).toMatch(/current\n[0-9a-f]{12} +1 +3 /);
  });

  it('mention the final split only where the dataset has one', async () => {
    await imported('undivided', [{ ...rows[0]!, tags: ['short'] }]);
    expect((await run('show undivided')).stdout).not.toMatch(/dev|final/);
  });

  it('narrow by version, split, tag and example', async () => {
    const { version } = await imported('narrow');
    await imported('narrow', rows.slice(1));
    const old = version.slice(0, 10);
    expect((await run(`show narrow --version ${old} --split dev`)).stdout).toMatch(
      /2 examples[\s\S]*price[\s\S]*stream +dev +How do I stream\?/,
    );
    expect((await run(`show narrow@${old} --tag short`)).stdout).toContain('1 example\n');
    expect(JSON.parse((await run(`show narrow@${old} --example stream`)).stdout)).toEqual(rows[0]);
    const json = JSON.parse((await run('show narrow --json --split final')).stdout);
    expect(json).toMatchObject({
      dataset: 'narrow',
      isCurrent: true,
      examples: [rows[1]],
      versions: [{}, {}],
      finalUses: [],
    });
    expect((await run(`show narrow@${old} --example streem`)).stderr).toContain("did you mean 'stream'?");
    expect((await run('show narrow@zz')).stderr).toContain('the newest are');
    expect((await run(`show narrow@${old} --version ${old}`)).code).toBe(2);
    expect((await run('show narrow --split test')).code).toBe(2);
  });

  it('show what a final split has decided', async () => {
    await imported('decided');
    const use = { purpose: 'promote docs-bot', usedBy: 'mo', planIds: [], evaluationId: 'eval-1' };
    await store.datasets.useFinal(await store.datasets.find('decided'), use);
    expect((await run('show decided')).stdout).toMatch(
      /final was used for 'promote docs-bot' by mo, .* UTC, in eval-1\n$/,
    );
  });

  it('compare two versions, of one dataset or of two', async () => {
    const first = await imported('compared');
    await imported('compared', [{ ...rows[0], cluster: 'k' }, rows[2], { id: 'new', input: {} }]);
    const { stdout } = await run('diff compared');
    expect(stdout).toMatch(
      /^3 examples from compared@.* to compared@.*; 1 example in both\n {2}\+ new\n {2}~ stream\n {2}- tools\n$/,
    );
    expect(JSON.parse((await run(`diff compared compared@${first.version} --json`)).stdout)).toMatchObject({
      added: ['tools'],
      removed: ['new'],
      same: 1,
    });
    await imported('compared-too');
    expect((await run(`diff compared@${first.version.slice(0, 9)} compared-too`)).stdout).toContain('are one version');
  });
});

describe('export', () => {
  it('writes what imports as the same version', async () => {
    const { version } = await imported('exported');
    for (const format of ['jsonl', 'csv']) {
      const out = join(folder, `again.${format}`);
      const { stdout, stderr } = await run(`export exported --format ${format} --out`, out);
      expect(stdout).toBe('');
      expect(stderr).toBe(`exported@${version.slice(0, 12)}: 3 examples as ${format} in ${out}\n`);
      expect(JSON.parse((await run('import --name exported --json', out)).stdout)).toMatchObject({
        version,
        created: false,
      });
    }
    expect((await run('export exported --split final')).stdout).toBe(`${JSON.stringify(rows[1])}\n`);
    expect((await run('export exported --json')).code).toBe(2);
    expect((await run('export exported --out', join(folder, 'no/such/folder'))).stderr).toContain('cannot be written');
    expect((await run('export exported --tag none')).stderr).toContain('has no examples that fit');
    expect((await run('export exported --format preferences')).code).toBe(2);
  });

  it('makes chats of the accepted answers, and keeps final questions out of them', async () => {
    const final = { ...rows[0], id: 'kept', tags: ['final'] };
    await imported('chats', [...rows, final]);
    const out = join(folder, 'tune.jsonl');
    const { stdout, stderr } = await run(
      'export chats --format openai-chat --json --out',
      out,
      '--system',
      'Be brief.',
    );
    expect(JSON.parse(stdout)).toMatchObject({ format: 'openai-chat', split: 'dev', examples: 1, skipped: 1, out });
    expect(stderr).toContain('1 example left out: no accepted answer');
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'How do I stream?' },
        { role: 'assistant', content: 'With streamText.' },
      ],
    });
    expect((await run('export chats --system x')).code).toBe(2);
    await imported('unanswered', [rows[1], rows[2]]);
    expect((await run('export unanswered --format openai-chat')).stderr).toContain('has an accepted answer');
  });
});

describe('add', () => {
  it('takes what a run was asked, and what it answered only if that is accepted', async () => {
    await imported('grown');
    await finishedRun('run-plain');
    await finishedRun('run-right');
    expect((await run('add grown --from-run run-pl')).stdout).toMatch(
      /^grown: 'run-plain' added, 4 examples, version /,
    );
    const accepted = await run('add grown --from-run run-right --accept --tag dev --tag seen --id right --json');
    expect(JSON.parse(accepted.stdout)).toMatchObject({
      created: true,
      sequence: 3,
      examples: 5,
      origin: 'run run-right',
    });
    const { version } = await store.datasets.find('grown');
    expect(await store.datasets.examples(version, { after: 'price', limit: 2 })).toEqual([
      {
        id: 'right',
        input: { question: 'run-right?' },
        expected: { text: 'So.' },
        tags: ['dev', 'seen'],
        run: 'run-right',
      },
      { id: 'run-plain', input: { question: 'run-plain?' }, run: 'run-plain' },
    ]);
    expect((await run('add grown --from-run run-plain')).stdout).toContain('no new version');
    expect((await run('add grown --from-run run-plain --tag x')).stderr).toContain("another example 'run-plain'");
  });

  it('takes another expectation, which must be JSON and fit the dataset', async () => {
    await finishedRun('run-wrong', 'failed', null);
    await run('import --name defined', await file('defined.csv', 'id,input.question,expected.text\na,why?,so\n'));
    expect((await run('add defined --from-run run-wrong --expected', '{"txt": "x"}')).stderr).toContain(
      'expected.text',
    );
    expect((await run('add defined --from-run run-wrong --expected', '{')).code).toBe(2);
    expect((await run('add defined --from-run run-wrong --accept')).stderr).toContain('it has no output to accept');
    expect((await run('add defined --from-run run-wrong --accept --expected', '{}')).code).toBe(2);
    expect((await run('add defined --from-run run-wrong --expected', '{"text": "x"}')).code).toBe(0);
  });

  it('begins a dataset only where that is asked for', async () => {
    await finishedRun('run-first');
    expect((await run('add begun --from-run run-first')).stderr).toContain("there is no dataset 'begun'");
    expect((await run('add begun --new --from-run run-first')).stdout).toContain("'run-first' added, 1 example");
    expect((await run('add begun --new --from-run run-first --id two')).stdout).toContain('2 examples');
    expect((await run('add begun --from-run run-nowhere')).stderr).toContain("there is no run 'run-nowhere'");
  });
});

describe('datasets of a project', () => {
  it('are those that pipelines/index.ts exports, with sources beside it', async () => {
    const datasets = await loadDatasets(join(import.meta.dirname, '../..'));
    const { source, ...schemas } = datasets.get('ai-docs')!;
    expect(source.endsWith('/pipelines/datasets/ai-docs.jsonl')).toBe(true);
    expect((await readDataset(source, 'jsonl', schemas)).length).toBeGreaterThan(100);
    expect(await loadDatasets(folder)).toEqual(new Map());
  });
});
