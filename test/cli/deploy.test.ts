/** `sluice deploy` over a real store: what is served, and what that means for experiments that are live. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDeployClient, type DeployClient } from '../../src/client/deploy-client.ts';
import type { AnyPipeline } from '../../src/dsl/edit.ts';
import { applyEdits } from '../../src/plan/compose.ts';
import { planId, shortId } from '../../src/plan/id.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { imagined, supportBot, wide } from '../dsl/example.ts';
import { configured } from '../experiment/live.ts';
import { startOf } from '../store/experiment-helpers.ts';
import { startPglite } from '../support/postgres.ts';
import { type FakeWorld, fakeRuntime, run } from './fakes.ts';

let embedded: Awaited<ReturnType<typeof startPglite>>;
let database: Database;
let store: Store;
let client: DeployClient;
/** What checking a plan says. */
let check: (plan: Plan) => Promise<void>;
/** Of each test: what happens in one is not seen by the others. */
let pipeline: string;
let count = 0;

beforeAll(async () => {
  embedded = await startPglite();
  database = openDatabase(embedded.url);
  store = createStore(database);
  // Nobody hears: what is told after the store has it is only sooner.
  client = createDeployClient({ store, temporal: {} as never, check: (plan) => check(plan) });
});
afterAll(async () => {
  await database.close();
  await embedded.stop();
});
beforeEach(() => {
  pipeline = `bot-${++count}`;
  check = async () => undefined;
});

const named = (plan: Plan): Plan => ({ ...plan, pipeline });
const code = (...edits: NodeEdit[]): AnyPipeline => ({
  ...supportBot,
  id: pipeline,
  plan: named(applyEdits(supportBot.plan, edits)),
});
const variants = () =>
  [wide, imagined].map((each) => ({ ...each, id: pipeline, variantOf: pipeline, plan: named(each.plan) }));

async function deploy(line: string, { baseline = code(), ...more }: FakeWorld & { baseline?: AnyPipeline } = {}) {
  const services = {
    pipelines: async () =>
      new Map([[pipeline, baseline], ...variants().map((each) => [`${pipeline}:${each.name}`, each] as const)]),
  };
  const { runtime } = fakeRuntime({ store, client });
  const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
  return run(['deploy', ...words], { runtime, services, environment: { USER: 'mo' }, ...more });
}

const experiment = (name: string, edits: readonly NodeEdit[], state: 'running' | 'rolling' = 'running') =>
  startOf({ store }, `${pipeline}-${name}`, pipeline, {
    spec: {
      arms: [
        { name: 'baseline', weight: 0.5, edits: [] },
        { name: 'v', weight: 0.5, edits },
      ],
    },
    ...(state === 'rolling' && { kind: 'rollout' as const, winner: 'v' }),
  });

describe('deploying', () => {
  test('says what is served now, what was before, and how to go back', async () => {
    const first = await deploy(pipeline);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`${pipeline} serves plan ${shortId(planId(code().plan))} now (deployment 1)\n`);
    expect(first.stdout).toContain('nothing was deployed before: runs got the definition in code');

    const second = await deploy(`${pipeline} --variant wid --why "won retrieval" --hold-out 0.05`);
    expect(second.stdout.split('\n')).toEqual([
      `${pipeline} serves plan ${shortId(planId(named(wide.plan)))} (variant wide) now (deployment 2)`,
      `  before: plan ${shortId(planId(code().plan))} (deployment 1, by mo: deployed from code)`,
      '  ranked config.topN: 8 -> 12',
      '  answer options.max: 3 -> 2',
      '  hold-out: 5 % of all units',
      '  it holds for new runs within 2 s; runs under way end on the plan they began with',
      `  back: sluice deploy ${pipeline} --rollback 1`,
      '',
    ]);
    expect(await store.deployments.current(pipeline)).toMatchObject({
      ...{ deploymentNo: 2, variant: 'wide', holdOut: 0.05, by: 'mo', why: 'won retrieval', kind: 'deploy' },
    });
    expect(await store.plans.get(planId(named(wide.plan)))).toEqual(named(wide.plan));
  });

  test('what is deployed already is said, and nothing changes; the hold-out stays as it was', async () => {
    await deploy(`${pipeline} --hold-out 0.1`);
    const again = await deploy(`${pipeline} --why again`);
    expect(again.stdout).toMatch(
      /serves plan \w{12} already: nothing is changed\n {2}deployment 1, since .* by mo: deployed from code\n/,
    );
    expect(await store.deployments.history(pipeline, 9)).toHaveLength(1);
    await deploy(`${pipeline}:imagined`);
    expect(await store.deployments.current(pipeline)).toMatchObject({ variant: 'imagined', holdOut: 0.1 });
  });

  test('a plan that could not be run now is refused, and nothing changes', async () => {
    check = async () => Promise.reject(new Error('no worker'));
    expect((await deploy(pipeline)).code).toBe(1);
    expect(await store.deployments.current(pipeline)).toBeUndefined();
  });

  test.each([
    ['--hold-out 0.6', 'give a number from 0 to 0.5'],
    ['--hold-out ""', 'give a number from 0 to 0.5'],
    ['--rollback 2 --variant wide', 'cannot be used with'],
    ['--rollback zero', 'give a whole number'],
    ['--history --force', 'cannot be used with'],
  ])('%s is a mistake in the command', async (options, message) => {
    const result = await deploy(`${pipeline} ${options}`);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });

  test('names that are not known get the nearest', async () => {
    expect((await deploy(`${pipeline} --variant imagine_`)).stderr).toContain("did you mean 'imagined'?");
    expect((await deploy(`${pipeline.replace('-', '_')}`)).stderr).toContain(`did you mean '${pipeline}'?`);
    expect((await deploy('--force')).code).toBe(2);
  });

  test('two at once are one after the other', async () => {
    const request = { pipeline, by: 'mo', why: 'both' };
    await Promise.all([
      client.deploy({ ...request, plan: code().plan }),
      client.deploy({ ...request, plan: named(wide.plan), variant: 'wide' }),
    ]);
    expect((await store.deployments.history(pipeline, 9)).map(({ deploymentNo }) => deploymentNo)).toEqual([2, 1]);
  });

  test('a plan of another pipeline, or a hold-out that is none, is refused by the client, too', async () => {
    const request = { pipeline, by: 'mo', why: 'test', plan: supportBot.plan };
    await expect(client.deploy(request)).rejects.toMatchObject({ code: 'plan_of_other' });
    for (const holdOut of [-0.1, 0.51, Number.NaN])
      await expect(client.deploy({ ...request, holdOut })).rejects.toMatchObject({ code: 'hold_out_invalid' });
  });
});

describe('what experiments have won', () => {
  const topN = configured('ranked', { topN: 12, model: 'local/lexical' });

  async function promoted() {
    await deploy(pipeline);
    const plan = code(topN).plan;
    await store.plans.put(planId(plan), plan);
    await store.deployments.deploy({
      ...{ pipeline, planId: planId(plan), variant: null, holdOut: 0, kind: 'promote', by: 'sluice', why: 'it won' },
      promoted: [{ experiment: 'rerank-v2', variant: 'v', edits: [topN] }],
      ...{ expected: await store.experiments.version(pipeline), restaged: [] },
    });
  }

  test('is not undone by code that lacks it, which prints what to write there', async () => {
    await promoted();
    const refused = await deploy(pipeline, { baseline: code(configured('keyword', { topK: 5, fields: ['text'] })) });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("would undo what 'rerank-v2' won at 'ranked'");
    expect(refused.stderr).toContain("    edit.configure('ranked', { topN: 12 })\n");
    expect(await store.deployments.current(pipeline)).toMatchObject({ deploymentNo: 2 });
  });

  test('is kept by code that has it, and given up by force', async () => {
    await promoted();
    const written = await deploy(pipeline, {
      baseline: code(topN, configured('keyword', { topK: 5, fields: ['text'] })),
    });
    expect(written.stdout).toContain('(with what rerank-v2 won)');
    expect((await store.deployments.current(pipeline))?.promoted).toMatchObject([{ experiment: 'rerank-v2' }]);
    const forced = await deploy(`${pipeline} --force`);
    expect(forced.stdout).toContain("undone: what rerank-v2 won at 'ranked'");
    expect((await store.deployments.current(pipeline))?.promoted).toEqual([]);
  });

  test('comes back with a rollback to it', async () => {
    await promoted();
    await deploy(`${pipeline} --force`);
    await deploy(`${pipeline} --rollback`);
    expect(await store.deployments.current(pipeline)).toMatchObject({
      ...{
        deploymentNo: 4,
        kind: 'rollback',
        planId: planId(code(topN).plan),
        promoted: [{ experiment: 'rerank-v2' }],
      },
    });
  });
});

describe('live experiments', () => {
  test('go on in a new stage where they do not edit what changes', async () => {
    await deploy(pipeline);
    const { experimentId } = await experiment('words', imagined.edits);
    const { stdout } = await deploy(`${pipeline} --variant wide`);
    expect(stdout).toContain(
      `experiment ${experimentId} goes on in stage 2: 'ranked' and 'answer' changed, which it does not edit`,
    );
    expect(await store.experiments.get(experimentId)).toMatchObject({ state: 'running', stage: 2 });
    const [, stage] = await store.experiments.stages(experimentId);
    expect(stage).toMatchObject({ stage: 2, deploymentNo: 2, basePlanId: planId(named(wide.plan)) });
  });

  test('end only where it is said: by force in a script, by its name at a terminal', async () => {
    await deploy(pipeline);
    const first = await experiment('rerank', wide.edits, 'rolling');
    const refused = await deploy(`${pipeline} --variant wide`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `${first.experimentId}, whose 'v' is being rolled out (0 % of the rest): 'ranked' and 'answer' changed`,
    );
    expect(refused.stderr).toContain('--force');
    const asked: string[] = [];
    const answer = (typed: string) => async (question: string) => {
      asked.push(question);
      return typed;
    };
    const doubted = await deploy(`${pipeline} --variant wide`, { ask: answer('y') });
    expect(doubted.code).toBe(1);
    expect(await store.experiments.get(first.experimentId)).toMatchObject({ state: 'rolling', stage: 1 });
    const agreed = await deploy(`${pipeline} --variant wide`, { ask: answer(first.experimentId) });
    expect(agreed.stdout).toContain(`experiment ${first.experimentId} has ended, superseded`);
    expect(asked).toEqual(Array(2).fill(`They end for good. Type ${first.experimentId} to do it: `));
    expect(await store.experiments.get(first.experimentId)).toMatchObject({ state: 'superseded' });

    const second = await experiment('again', [configured('ranked', { topN: 3, model: 'm' })]);
    const json = await deploy(`${pipeline} --json`, { ask: answer(second.experimentId) });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'deployment_ends_experiments' } });
    const forced = await deploy(`${pipeline} --force --json`);
    expect(JSON.parse(forced.stdout)).toMatchObject({
      isChanged: true,
      restaged: [{ experimentId: second.experimentId, to: 'superseded' }],
      changes: [{ node: 'ranked' }, { node: 'answer' }],
    });
    expect(asked).toHaveLength(2);
  });
});

describe('rolling back', () => {
  test('serves what was served before, without a worker', async () => {
    await deploy(pipeline);
    await deploy(`${pipeline} --variant wide --hold-out 0.2`);
    check = async () => Promise.reject(new Error('a rollback needs no worker'));
    const { stdout, code: exit } = await deploy(`${pipeline} --rollback --why "answers got worse"`);
    expect(exit).toBe(0);
    expect(stdout).toContain(`serves plan ${shortId(planId(code().plan))} now (deployment 3)`);
    expect(await store.deployments.current(pipeline)).toMatchObject({
      ...{ kind: 'rollback', variant: null, holdOut: 0, why: 'answers got worse' },
    });
  });

  test('a second time must say to which', async () => {
    await deploy(pipeline);
    await deploy(`${pipeline} --variant wide`);
    await deploy(`${pipeline} --rollback`);
    const again = await deploy(`${pipeline} --rollback`);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('was rolled back already, by mo (deployment 3: rolled back by hand)');
    expect((await deploy(`${pipeline} --rollback 2`)).stdout).toContain('(variant wide) now (deployment 4)');
    expect((await deploy(`${pipeline} --rollback 2`)).stdout).toContain('already: nothing is changed');
    expect((await deploy(`${pipeline} --rollback 9`)).stderr).toContain('there is 4, 3, 2, 1: sluice deploy');
  });

  test('two at once are one rollback', async () => {
    await deploy(pipeline);
    await deploy(`${pipeline} --variant wide`);
    const said = { by: 'mo', why: 'both' };
    const both = await Promise.all([
      client.rollbackDeployment(pipeline, said),
      client.rollbackDeployment(pipeline, said),
    ]);
    expect(both.map(({ isChanged }) => isChanged).sort()).toEqual([false, true]);
    expect(await store.deployments.current(pipeline)).toMatchObject({ deploymentNo: 3, planId: planId(code().plan) });
  });

  test('is refused where there is nothing to go back to', async () => {
    expect((await deploy(`${pipeline} --rollback`)).stderr).toContain(`there is no deployment '${pipeline}'`);
    await expect(client.rollbackDeployment(pipeline, { by: 'mo', why: '' })).rejects.toMatchObject({
      code: 'not_deployed',
    });
    await deploy(pipeline);
    expect((await deploy(`${pipeline} --rollback`)).stderr).toContain('has served nothing else');
  });
});

describe('seeing', () => {
  test('what is deployed, by pipeline', async () => {
    await deploy(`${pipeline} --why "a start"`);
    const listed = await deploy('');
    expect(listed.stdout).toMatch(/^\d+ pipelines? deployed\n/);
    expect(listed.stdout).toMatch(new RegExp(`${pipeline} +1 +${shortId(planId(code().plan))} .* mo +a start`));
    expect(JSON.parse((await deploy('--json')).stdout)).toContainEqual(
      expect.objectContaining({ pipeline, why: 'a start' }),
    );
  });

  test('what was, and how to go back there', async () => {
    await deploy(pipeline);
    await deploy(`${pipeline} --variant wide --why "it is wider"`);
    const { stdout } = await deploy(`${pipeline} --history`);
    const [first, , ...rows] = stdout.trimEnd().split('\n');
    expect(first).toBe(`${pipeline} serves plan ${shortId(planId(named(wide.plan)))} (variant wide) (deployment 2)`);
    expect(rows[0]).toMatch(/^deployed +2 .*wide .*it is wider$/);
    expect(rows[1]).toMatch(/^deployed +1 .*deployed from code$/);
    expect(rows[2]).toBe(`go back: sluice deploy ${pipeline} --rollback 1`);
    const json = JSON.parse((await deploy(`${pipeline} --history --json`)).stdout);
    expect(json.map((row: { deploymentNo: number }) => row.deploymentNo)).toEqual([2, 1]);
  });
});
