/** What is run where keys are missing: held on this project's own pipelines, by which keys there are. */
import { expect, test } from 'vitest';
import { withoutKeys } from '../../src/cli/without-keys.ts';
import { createCatalogueCheck } from '../../src/client/catalogue.ts';
import { loadPipelines } from '../../src/host/project.ts';
import { modelsOf } from '../../src/models/plan-keys.ts';
import { findNode, stepsOf } from '../../src/plan/nodes.ts';
import type { Plan, StepNode } from '../../src/plan/plan.ts';
import type { Catalogue } from '../../src/store/catalogue.ts';

const pipelines = await loadPipelines(process.cwd());
const steps = [...pipelines.values()].flatMap(({ plan }) => stepsOf(plan));

async function choose(name: string, keys: readonly string[] = [], environment: { OPENAI_BASE_URL?: string } = {}) {
  const registered = [...steps, ...keys].map((step) => ({ step, taskQueue: 'run', workers: 1 }));
  const catalogue = { registered: async () => registered } as unknown as Catalogue;
  const said: string[] = [];
  const client = { check: createCatalogueCheck(catalogue, 'run') };
  const { pipeline, instead } = await withoutKeys(client, pipelines, name, {
    terminal: { warn: (line) => void said.push(line) },
    environment,
  });
  return { plan: pipeline.plan, instead, said };
}

const configIn = (plan: Plan, id: string) => (findNode(plan, id) as StepNode).call.config;

test.each(['docs-bot', 'wandbot'])(
  '%s runs as it is with both keys, else on local models, with one key too',
  async (bot) => {
    const both = await choose(bot, ['openai/*', 'cohere/*']);
    expect(both).toEqual({ plan: pipelines.get(bot)!.plan, said: [] });
    for (const [keys, missing] of [
      [[], ['OPENAI_API_KEY', 'CO_API_KEY']],
      [['openai/*'], ['CO_API_KEY']],
      [['cohere/*'], ['OPENAI_API_KEY']],
    ] as const) {
      const { plan, instead, said } = await choose(bot, keys);
      expect(plan).toBe(pipelines.get(`${bot}:local`)!.plan);
      expect(instead).toEqual({ variant: `${bot}:local`, missing });
      expect(said).toEqual([`no ${missing.join(', no ')}: running ${bot}:local, whose models need no key`]);
    }
  },
);

test('a variant keeps its edits, on the models of local', async () => {
  const { plan, instead } = await choose('docs-bot:narrow');
  expect(instead?.variant).toBe('docs-bot:narrow+local');
  expect(configIn(plan, 'ranked')).toMatchObject({ topN: 4, model: 'local/lexical' });
  expect(configIn(plan, 'draft')).toEqual(configIn(pipelines.get('docs-bot:local')!.plan, 'draft'));
  expect(configIn((await choose('docs-bot:deep')).plan, 'vector')).toMatchObject({ topK: 100, model: 'local/lsa' });
  const { plan: keyword } = await choose('docs-bot:keyword-only');
  expect((findNode(keyword, 'fused') as StepNode).input).toEqual(
    (findNode(pipelines.get('docs-bot:keyword-only')!.plan, 'fused') as StepNode).input,
  );
});

test('a server of one’s own answers where Cohere’s key alone is missing, and search runs here', async () => {
  const environment = { OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' };
  const { plan, instead, said } = await choose('docs-bot', ['openai/*'], environment);
  expect(instead).toEqual({ variant: 'docs-bot:own-server', missing: ['CO_API_KEY'] });
  expect(modelsOf(plan)).toEqual(['local/lexical', 'local/lsa', 'local/rules', 'openai/gpt-5-mini']);
  expect(said).toEqual([
    'no CO_API_KEY: running docs-bot:own-server, whose openai/* models run at http://127.0.0.1:11434/v1 ' +
      '(OPENAI_BASE_URL; no key), and whose others need no key',
  ]);
  const narrow = await choose('docs-bot:narrow', ['openai/*'], environment);
  expect(narrow.instead?.variant).toBe('docs-bot:narrow+own-server');
  expect(configIn(narrow.plan, 'ranked')).toMatchObject({ topN: 4, model: 'local/lexical' });
  // A worker that has no such server, and a pipeline without the variant.
  expect((await choose('docs-bot', [], environment)).instead?.variant).toBe('docs-bot:local');
  expect((await choose('wandbot', ['openai/*'], environment)).instead?.variant).toBe('wandbot:local');
});

test('a variant that is about a served model is refused by the name of the key', async () => {
  for (const name of ['docs-bot:hyde', 'docs-bot:listwise'])
    await expect(choose(name)).rejects.toMatchObject({ code: 'key_missing' });
});

test('what is missing besides a key is said as ever', async () => {
  await expect(
    withoutKeys({ check: async () => Promise.reject(new Error('no worker')) }, pipelines, 'docs-bot', {
      ...{ terminal: { warn: () => {} }, environment: {} },
    }),
  ).rejects.toThrow('no worker');
});
