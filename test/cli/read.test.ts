/** The commands that read: runs, index, search, steps, plan. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { definePipeline, defineStep } from '../../src/index.ts';
import { planId } from '../../src/plan/id.ts';
import { NOTHING_SPENT } from '../../src/store/spending.ts';
import { supportBot, wide } from '../dsl/example.ts';
import { changed, docsBot } from '../plan/example.ts';
import { fakeRuntime, pipelineOf, run } from './fakes.ts';

const nameOf = (pipeline: { readonly id: string; readonly name?: string }) =>
  pipeline.name === undefined ? pipeline.id : `${pipeline.id}:${pipeline.name}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

const SLOW = {
  where: [{ field: 'latencyMs', op: '>', value: '2000' }],
  sort: { by: 'latencyMs', descending: true },
  columns: ['run', 'gone', 'latencyMs'],
};

describe('sluice runs', () => {
  const listed = {
    runId: 'run-1',
    pipeline: 'docs-bot',
    planId: planId(docsBot),
    arms: {},
    unit: null,
    idempotencyKey: null,
    state: 'failed',
    error: null,
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    finishedAt: Date.UTC(2026, 0, 2, 3, 4, 7),
    contentRemovedAt: null,
  };
  const found = { ...listed, question: 'why?', latencyMs: 2_000, costUsd: null, tokens: null, thumb: -1 };
  const views = { list: async () => [{ screen: 'runs', name: 'slow', view: SLOW, by: 'kim', at: 0 }] };
  const runSearch = {
    search: vi.fn(async () => ({
      runs: [found, { ...found, runId: 'run-2', latencyMs: null, thumb: null }],
      total: 3,
    })),
    histogram: vi.fn(async () => [
      { from: 0, to: 60_000, state: 'completed', n: 3 },
      { from: 0, to: 60_000, state: 'failed', n: 1 },
      { from: 120_000, to: 180_000, state: 'completed', n: 2 },
    ]),
    points: vi.fn(async () => ({ points: [{ runId: 'run-1', state: 'failed', x: 1234.5678, y: 2 / 3 }], drawn: 4 })),
  };
  const runs = {
    get: async () => ({
      ...listed,
      ...{ input: {}, output: null, error: { code: 'x', message: 'it broke' }, nodes: [], calls: [] },
      spent: { ...NOTHING_SPENT, byKey: new Map() },
    }),
  };
  const { runtime } = fakeRuntime({ store: { runs, runSearch, views, payloads: {} } });

  it('lists them as a table, missing values as –, and names the next page', async () => {
    const line = 'runs --pipeline docs-bot --state failed --limit 2 --sort -cost --columns run,latencyMs,thumb';
    const { stdout, stderr } = await run(line.split(' '), { runtime });
    expect(runSearch.search).toHaveBeenLastCalledWith({
      where: [
        { field: 'pipeline', op: '=', value: 'docs-bot' },
        { field: 'state', op: '=', value: 'failed' },
      ],
      sort: { by: 'costUsd', descending: true },
      ...{ limit: 2, offset: 0 },
    });
    expect(stdout.split('\n').slice(1, 3)).toEqual(['run-1  2.0 s  down', 'run-2      –  –']);
    expect(stderr).toBe('1 to 2 of 3 runs\nmore: --offset 2\n');
  });

  it('lists them as JSON', async () => {
    const { stdout } = await run(['runs', '--json'], { runtime });
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ runId: 'run-1' }, { runId: 'run-2' }], total: 3 });
  });

  it('adds to what a view has', async () => {
    const { stdout } = await run(['runs', '--view', 'sl', '--where', 'thumb is down'], { runtime });
    // What columns there are no longer is left out.
    expect(stdout.split('\n')[1]).toBe('run-1  2.0 s');
    expect(runSearch.search).toHaveBeenLastCalledWith({
      where: [...SLOW.where, { field: 'thumb', op: '<', value: 0 }],
      sort: SLOW.sort,
      ...{ limit: 20, offset: 0 },
    });
  });

  it.each([
    [['--where', 'latencyy > 2'], "did you mean 'latency'?", 1],
    [['--view', 'slov'], "did you mean 'slow'?", 1],
    [['--columns', 'run,latncyMs'], "did you mean 'latencyMs'?", 2],
    [['--points', 'latency'], 'give two fields', 2],
    [['--points', 'latency,costt'], "did you mean 'cost'?", 2],
    [['--histogram', '--sort', 'cost'], 'cannot be used with', 2],
    [Array.from({ length: 21 }, () => ['--where', 'state is failed']).flat(), '21 conditions are asked', 1],
  ])('refuses %j', async (words, why, exit) => {
    const { code, stderr } = await run(['runs', ...words], { runtime });
    expect(stderr).toContain(why);
    expect(code).toBe(exit);
  });

  it('draws when they were, with what lies between', async () => {
    const { stdout } = await run(['runs', '--histogram', '3'], { runtime });
    expect(runSearch.histogram).toHaveBeenCalledWith([], 3);
    const [heading, ...lines] = stdout.split('\n');
    expect(heading).toMatch(/^from +runs +completed +failed$/);
    expect(lines).toEqual([
      `1970-01-01 00:00:00 UTC     4          3       1  ${'█'.repeat(18)}${'░'.repeat(6)}`,
      '1970-01-01 00:01:00 UTC     0          0       0',
      `1970-01-01 00:02:00 UTC     2          2       0  ${'█'.repeat(12)}`,
      'each 1 min; ░ failed',
      '',
    ]);
  });

  it('prints two values of each', async () => {
    const { stdout, stderr } = await run(['runs', '--points', 'latency,score'], { runtime });
    expect(runSearch.points).toHaveBeenCalledWith([], { x: 'latencyMs', y: 'score' }, 20);
    expect(stdout.split('\n')[1]).toMatch(/^run-1 {2}failed +1.2 s +0\.667$/);
    expect(stderr).toBe('1 of the 4 runs that were drawn have both\n');
    runSearch.points.mockResolvedValueOnce({
      points: [{ runId: 'run-1', state: 'failed', x: 0.000123, y: 1 }],
      drawn: 1,
    });
    expect((await run(['runs', '--points', 'cost,score'], { runtime })).stdout).toMatch(/failed +\$0\.000123 +1\n/);
  });

  it('shows one, as the result it had', async () => {
    const { stdout, code } = await run(['runs', 'run-1', '--json'], { runtime });
    expect(JSON.parse(stdout)).toMatchObject({
      runId: 'run-1',
      outcome: 'failed',
      durationMs: 2_000,
      temporalUrl: 'ui/run-1',
    });
    expect(code).toBe(0);
    expect((await run(['runs', 'run-1'], { runtime })).stderr).toMatch(/^✖ run run-1 failed in 2.0 s\n {2}it broke\n/);
  });

  it.each(['0', '1001', 'ten', '1.5'])('refuses --limit %s as usage', async (limit) => {
    const { code, stderr } = await run(['runs', '--limit', limit], { runtime });
    expect(stderr).toContain('give a whole number from 1 to 1000');
    expect(code).toBe(2);
  });
});

describe('sluice index', () => {
  const snapshot = {
    index: 'ai-docs',
    hash: 'a'.repeat(64),
    sequence: 1,
    settingsHash: 'b',
    documents: 303,
    passages: 2163,
    model: 'local/lsa:0f0f',
    createdAt: 0,
  };
  const indexes = {
    list: async () => [
      { name: 'ai-docs', createdAt: 0, snapshot },
      { name: 'new', createdAt: 0, snapshot: null },
    ],
    snapshots: async () => [snapshot],
  };
  const { runtime } = fakeRuntime({ store: { indexes } });

  it('lists, also one that is not built yet', async () => {
    const { stdout } = await run(['index', 'list'], { runtime });
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      'ai-docs        303     2,163  aaaaaaaaaaaa   1970-01-01 00:00:00 UTC',
      'new              –         –  not built yet  –',
    ]);
  });

  it('shows one by the beginning of its name', async () => {
    const { stdout } = await run(['index', 'show', 'ai', '--json'], { runtime });
    expect(JSON.parse(stdout)).toMatchObject({ name: 'ai-docs', snapshots: [{ passages: 2163 }] });
    expect((await run(['index', 'show', 'ai'], { runtime })).stdout).toContain(
      'ai-docs: 2,163 passages of 303 documents',
    );
    expect((await run(['index', 'show', 'ai'], { runtime })).stdout).toMatch(/aaaaaaaaaaaa .* local\/lsa:0f0f /);
  });

  it('names the nearest', async () => {
    const { stderr, code } = await run(['index', 'show', 'ai-doks'], { runtime });
    expect(stderr).toContain("did you mean 'ai-docs'?");
    expect(code).toBe(1);
  });
});

describe('sluice index diff', () => {
  const at = (hash: string) => ({ hash: hash.repeat(64), documents: 3 });
  const diff = vi.fn(async (_name: string, from: string, to: string) => ({
    from: at(from[0]!),
    to: at(to[0]!),
    added: Array.from({ length: 22 }, (_, index) => `new-${index}`),
    changed: ['edited'],
    removed: from === to ? [] : ['gone'],
  }));
  const indexes = { list: async () => [{ name: 'ai-docs' }], snapshots: async () => [at('b'), at('a')], diff };
  const { runtime } = fakeRuntime({ store: { indexes } });

  it('compares the newest with the one before, naming the first of each kind', async () => {
    const lines = (await run(['index', 'diff', 'ai'], { runtime })).stdout.split('\n');
    expect(diff).toHaveBeenLastCalledWith('ai-docs', 'a'.repeat(64), 'b'.repeat(64));
    expect(lines[0]).toBe('24 documents from aaaaaaaaaaaa to bbbbbbbbbbbb');
    expect(lines.slice(20, 24)).toEqual(['  + new-19', '  + … and 2 more: --json has all', '  ~ edited', '  - gone']);
  });

  it('compares those that are named, also as JSON', async () => {
    const { stdout } = await run(['index', 'diff', 'ai-docs', 'cc', 'dd', '--json'], { runtime });
    expect(diff).toHaveBeenLastCalledWith('ai-docs', 'cc', 'dd');
    expect(JSON.parse(stdout)).toMatchObject({ changed: ['edited'], removed: ['gone'] });
  });

  it('says so when nothing differs', async () => {
    const same = { from: at('a'), to: at('b'), added: [], changed: [], removed: [] };
    diff.mockResolvedValueOnce(same as never);
    expect((await run(['index', 'diff', 'ai-docs'], { runtime })).stdout).toBe(
      'aaaaaaaaaaaa and bbbbbbbbbbbb hold the same documents\n',
    );
  });
});

describe('sluice search', () => {
  const hit = { id: 'p1', score: 1.5, text: 'Streaming\n  is  fun', title: 'Guide', url: null, heading: ['Streams'] };
  const keyword = vi.fn(async (_index: string, queries: readonly { id: string }[], _options: object) =>
    queries.map(({ id }) => ({ id, hits: [hit] })),
  );
  const indexes = { list: async () => [{ name: 'ai-docs' }, { name: 'x' }] };
  const { runtime } = fakeRuntime({ store: { search: { keyword }, indexes } });

  it('takes the beginning of an index’s name, and names the nearest', async () => {
    await run(['search', '--index', 'ai', 'stream'], { runtime });
    expect(keyword.mock.lastCall?.[0]).toBe('ai-docs');
    const { code, stderr } = await run(['search', '--index', 'ai-doks', 'stream'], { runtime });
    expect(stderr).toBe("✖ there is no index 'ai-doks'\n  did you mean 'ai-docs'?\n");
    expect(code).toBe(1);
  });

  it('prints hits, best first, with where they stand', async () => {
    const { stdout } = await run(['search', '--index', 'ai-docs', 'stream'], { runtime });
    expect(stdout).toBe('  1. Guide › Streams\n     1.50  p1\n     Streaming is fun\n');
    expect(keyword).toHaveBeenLastCalledWith('ai-docs', [{ id: 'stream', query: 'stream' }], { top: 10 });
  });

  it('answers a file of queries in order, as the JSON contract has it, in bounded batches', async () => {
    const file = join(folder, 'queries.jsonl');
    const ids = Array.from({ length: 120 }, (_, index) => `q${index}`);
    await writeFile(file, ids.map((id) => JSON.stringify({ id, query: `about ${id}` })).join('\n'));
    keyword.mockClear();
    const { stdout } = await run(['search', '--index', 'x', '--top', '3', '--queries', file, '--json', '--quiet'], {
      runtime,
    });
    expect(JSON.parse(stdout)).toEqual(ids.map((id) => ({ id, hits: [{ id: 'p1', score: 1.5 }] })));
    expect(keyword.mock.calls.map(([, queries]) => queries.length)).toEqual([50, 50, 20]);
  });

  it('names the line that is no query', async () => {
    const file = join(folder, 'bad.jsonl');
    await writeFile(file, '{"id": "q1", "query": "x"}\n{"id": "q2"}\n');
    const { stderr, code } = await run(['search', '--index', 'x', '--queries', file], { runtime });
    expect(stderr).toContain('bad.jsonl:2 is not a query');
    expect(code).toBe(1);
  });

  it.each([
    ['no query', ['search', '--index', 'x'], 2],
    ['no index', ['search', 'words'], 2],
    ['an unknown mode', ['search', '--index', 'x', '--mode', 'magic', 'words'], 2],
    ['more hits than a search gives', ['search', '--index', 'x', '--top', '101', 'words'], 2],
  ])('refuses %s', async (_name, argv, code) => {
    expect((await run(argv, { runtime })).code).toBe(code);
  });
});

describe('sluice steps', () => {
  it('lists the contracts of the pipelines here, and who uses them', async () => {
    const { stdout } = await run(['steps', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        step: 'rerank@2',
        effect: 'read',
        attempts: 3,
        timeoutMs: 30_000,
        takes: ['query', 'passages'],
        gives: ['passages'],
        config: ['topN'],
        usedBy: ['docs-bot.ranked', 'related-pages.ranked'],
      },
    ]);
    expect((await run(['steps'])).stdout).toMatch(
      /^rerank@2 {2}query, passages {2}passages {2}topN .*docs-bot\.ranked, related-pages\.ranked$/m,
    );
  });

  it('names what a variant shares with its baseline once', async () => {
    const variant = pipelineOf(changed('nodes.5.then.nodes.0.nodes.1.call.step', 'rerank@2'));
    const services = {
      pipelines: async () =>
        new Map([
          ['docs-bot', pipelineOf(docsBot)],
          ['docs-bot:v', variant],
        ]),
    };
    const { stdout } = await run(['steps', '--json'], { services });
    expect(JSON.parse(stdout)[0].usedBy).toEqual(['docs-bot.ranked', 'docs-bot:v.check']);
  });

  it('shows one with its schemas', async () => {
    expect((await run(['steps', 'rerank'])).stdout).toContain('rerank@2: reads outside, 3 attempts of at most 30 s');
    expect((await run(['steps', 'rerank@1'])).stderr).toContain("did you mean 'rerank@2'?");
  });
});

describe('sluice plan', () => {
  const services = {
    pipelines: async () =>
      new Map([
        ['docs-bot', pipelineOf(docsBot)],
        ['docs-bot:hyde', pipelineOf(changed('nodes.0.call.step', 'hydeQuery@1'))],
      ]),
  };

  it('shows the nodes, indented by what holds them', async () => {
    const { stdout } = await run(['plan', 'show', 'docs-bot'], { services });
    expect(stdout).toContain(`docs-bot  plan ${planId(docsBot).slice(0, 12)}  11 nodes`);
    expect(stdout).toMatch(/^ {4}draft +generate@1 +\{ question: enhance\.standalone/m);
    expect(stdout).toMatch(/^keyword .* skipped unless enhance\.answerable, or else \{"passages":\[\]\}$/m);
  });

  it('says what each step does outside, and whether a dry run stands for what it writes; nobody simulates that', async () => {
    const Text = z.object({ text: z.string() });
    const policy = { attempts: 1, timeout: '1 second' } as const;
    const contract = { version: 1, input: Text, output: Text, policy } as const;
    const look = defineStep('look', { ...contract, effect: 'read' });
    const open = defineStep('openTicket', { ...contract, effect: 'write', dryRun: { text: 'dry run' } });
    const mail = defineStep('mail', { ...contract, effect: 'write' });
    const desk = definePipeline('desk', Text)
      .step('known', look, ({ input }) => ({ text: input.text }), {}, { fallback: open })
      .step('sent', mail, ({ known }) => ({ text: known.text }))
      .output(Text, ({ sent }) => ({ text: sent.text }));
    const project = { pipelines: async () => new Map([['desk', desk]]) } as unknown as typeof services;
    const { stdout } = await run(['plan', 'show', 'desk'], { services: project });
    expect(stdout).toMatch(/^known .* read, fallback write \(dry run\) /m);
    expect(stdout).toMatch(/^sent .* write \(no dry run\)/m);
    const { stdout: one } = await run(['steps', 'mail@1'], { services: project });
    expect(one).toContain('mail@1: writes outside, in live runs only (no dry run)');
    const simulated = await run(['simulate', 'desk', '--dataset', 'any'], { services: project });
    expect([simulated.code, simulated.stderr]).toEqual([
      1,
      expect.stringContaining("made-up requests to 'desk' would execute mail@1, openTicket@1, which writes"),
    ]);
  });

  it('is the plan itself as JSON, which can be read back from a file', async () => {
    const { stdout } = await run(['plan', 'show', 'docs-bot', '--json'], { services });
    expect(JSON.parse(stdout)).toEqual(docsBot);
    const file = join(folder, 'plan.json');
    await writeFile(file, stdout);
    const same = await run(['plan', 'diff', file, 'docs-bot'], { services });
    expect(same.stdout).toContain('are the same plan');
  });

  it('draws', async () => {
    const { stdout } = await run(['plan', 'draw', 'docs-bot', '--direction', 'LR'], { services });
    expect(stdout).toMatch(/^flowchart LR\n/);
    expect(JSON.parse((await run(['plan', 'draw', 'docs-bot', '--json'], { services })).stdout)).toEqual({
      planId: planId(docsBot),
      mermaid: expect.stringMatching(/^flowchart TD\n/),
    });
  });

  it('compares, also by the beginning of a plan id', async () => {
    const { stdout } = await run(['plan', 'diff', planId(docsBot).slice(0, 8), 'docs-bot:hyde'], { services });
    expect(stdout).toMatch(/^1 difference from docs-bot .*\nenhance: enhanceQuery@1 -> hydeQuery@1\n$/);
    const { stdout: json } = await run(['plan', 'diff', 'docs-bot', 'docs-bot:hyde', '--json'], { services });
    expect(JSON.parse(json).changes).toEqual([
      { node: 'enhance', facet: 'step', path: '', from: 'enhanceQuery@1', to: 'hydeQuery@1' },
    ]);
  });

  it('says which included variant a variant overrides: in the difference, the nodes, the picture and the list', async () => {
    const wider = wide.variant('wider', (edit) => edit.configure('ranked', { topN: 20 }));
    const pipelines = new Map([supportBot, wide, wider].map((each) => [nameOf(each), each] as const));
    const project = { pipelines: async () => pipelines } as unknown as typeof services;
    const say = async (line: string) => (await run(line.split(' '), { services: project })).stdout;
    const sentence = "ranked config.topN: 8 -> 20, overrides 'wide' (12)\n";
    expect(await say('plan diff support-bot support-bot:wider')).toContain(sentence);
    expect(JSON.parse(await say('plan diff support-bot support-bot:wider --json')).overrides).toEqual(wider.overrides);
    expect(await say('plan diff support-bot support-bot:wide')).not.toContain('overrides');
    expect(await say('plan show support-bot:wider')).toContain("ranked config.topN: 20, overrides 'wide' (12)\n");
    expect(await say('plan draw support-bot:wider')).toContain(
      "<b>ranked</b><br/>rerank@2<br/>fallback keepOrder@1<br/>overrides 'wide'",
    );
    const { runtime } = fakeRuntime({
      store: { deployments: { list: async () => [] }, experiments: { list: async () => [] } },
    });
    const list = async (...json: string[]) =>
      (await run(['pipelines', ...json], { services: project, runtime })).stdout;
    expect(await list()).toContain('wide, wider (overrides wide)');
    expect(JSON.parse(await list('--json'))).toMatchObject([
      { variants: ['wide', 'wider'], overrides: { wider: ['wide'] } },
    ]);
  });

  it('finds a plan that only the store has, by the beginning of its id', async () => {
    const stored = changed('nodes.0.call.step', 'oldQuery@1');
    const find = vi.fn(async () => ({ planId: planId(stored), plan: stored }));
    const { runtime, state } = fakeRuntime({ store: { plans: { find } } });
    const { stdout } = await run(['plan', 'diff', planId(stored).slice(0, 10), 'docs-bot'], { services, runtime });
    expect(find).toHaveBeenCalledWith(planId(stored).slice(0, 10));
    expect(stdout).toContain('enhance: oldQuery@1 -> enhanceQuery@1');
    expect(state.stopped).toBe(1);
  });

  it('refuses a file that is no plan, a cycle, and a name that is none', async () => {
    const file = join(folder, 'cycle.json');
    await writeFile(file, JSON.stringify(changed('nodes.0.input.$object.question', { $from: ['ranked', 'x'] })));
    const cycle = await run(['plan', 'show', file], { services });
    expect(cycle.stderr).toContain('closes a cycle: enhance → ranked → enhance');
    expect(cycle.code).toBe(1);
    await writeFile(file, 'not json');
    expect((await run(['plan', 'show', file], { services })).stderr).toContain('is not JSON');
    expect((await run(['plan', 'show', 'docs-bt'], { services })).stderr).toContain("did you mean 'docs-bot'?");
  });
});

describe('sluice index prune', () => {
  const at = (hash: string) => ({ hash: hash.repeat(64), documents: 3, passages: 9, model: null, createdAt: 0 });
  const outcome = { index: 'ai-docs', kept: [at('c'), at('b')], removed: [at('a')], documents: 1, passages: 1_234 };
  const pruneIndex = vi.fn(async () => outcome);
  const indexes = { list: async () => [{ name: 'ai-docs' }] };
  const { runtime } = fakeRuntime({ store: { indexes, pruneIndex } });

  it('keeps five, and says what went', async () => {
    const { stdout, code } = await run(['index', 'prune', 'ai'], { runtime });
    expect(pruneIndex).toHaveBeenLastCalledWith('ai-docs', { keep: 5, dryRun: false });
    expect(stdout).toMatch(/^ai-docs: 1 snapshot removed, with 1,234 passages of 1 document version; 2 stay\n/);
    expect(stdout).toContain('aaaaaaaaaaaa');
    expect(code).toBe(0);
  });

  it('only says so with --dry-run, also as JSON', async () => {
    const argv = ['index', 'prune', 'ai-docs', '--keep', '2', '--dry-run'];
    expect((await run(argv, { runtime })).stdout).toContain('1 snapshot would be removed');
    expect(pruneIndex).toHaveBeenLastCalledWith('ai-docs', { keep: 2, dryRun: true });
    expect(JSON.parse((await run([...argv, '--json'], { runtime })).stdout)).toEqual({ ...outcome, dryRun: true });
    pruneIndex.mockResolvedValueOnce({ ...outcome, removed: [] });
    expect((await run(['index', 'prune', 'ai-docs'], { runtime })).stdout).toBe(
      'ai-docs: nothing to remove, 2 snapshots stay\n',
    );
  });

  it.each(['0', '-1', 'all'])('refuses --keep %s as usage', async (keep) => {
    expect((await run(['index', 'prune', 'ai-docs', `--keep=${keep}`], { runtime })).code).toBe(2);
  });
});
