/** `sluice rollout`, and what people said made into examples and preferences: over the embedded database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomeSettings } from '../../src/experiment/run-outcomes.ts';
import { bot, type ExperimentWorld, openWorld } from './experiment-world.ts';

let world: ExperimentWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.stop());

const run = (line: string) => world.run(line);
/** The second of its name. */
const ID = 'bot-loud.2';

describe('a rollout', () => {
  test('needs something to roll out against', async () => {
    expect((await run('rollout status')).stderr).toContain('nothing was rolled out yet');
    expect((await run('rollout start bot --variant loud')).stderr).toContain('deploy it first: sluice deploy bot');
    await world.deploy(0, bot.variant('calm', (edit) => edit.configure('draft', { tone: 'calm' })).plan);
    expect((await run('rollout start bot --variant loud')).stderr).toContain('tone from "calm" to "plain"');
    await world.deploy();
  });

  test.each([
    ['--steps 0.5,0.2,1', 'numbers that rise from above 0 to 1'],
    ['--steps 0.1,0.5', 'numbers that rise from above 0 to 1'],
    ['--share 0', 'above 0 and at most 1'],
    ['--soak soon', 'give a duration'],
  ])('%s is a mistake', async (option, why) => {
    const refused = await run(`rollout start bot --variant loud ${option}`);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain(why);
  });

  test('of which nobody would get anything says so', async () => {
    await world.ran({ runId: 'of-nobody', unit: null, daysAgo: 1 });
    const { stderr } = await run('rollout start bot --variant loud');
    expect(stderr).toContain("none of 1 run of 'bot' named a user, and who is not named is not in it");
    await run('rollout abort bot');
  });

  test('begins at its first step, with guardrails and nothing that has to be better', async () => {
    const wrong = await run('rollout start bot --variant lowd');
    expect(wrong.stderr).toContain("did you mean 'loud'?");
    const { code, stdout } = await run('rollout start bot --variant loud --steps 0.5,1 --soak 10m --why "won offline"');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      `${ID} has started: loud is rolled out to 50 %, 100 % of bot's traffic`,
      '  10 % of users stay split, to see harm by: 50 % baseline, 50 % loud',
      '  each step lasts at least 10 minutes and 50 more users of the split; first look',
      '  in 2.5 minutes',
    ]);
    expect(world.told.at(-1)).toBe(`start rollout-${ID}`);
    const { state, winner, spec } = await world.store.experiments.get(ID);
    expect([state, winner, spec.rollout.soakMs]).toEqual(['rolling', 'loud', 600_000]);
    expect(spec.metrics.flatMap(({ role, name, margin }) => (role === 'guardrail' ? [[name, margin]] : []))).toEqual([
      ['failed', 0.01],
      ['slow', 0.02],
      ['thumbs-down', 0.02],
    ]);
  });

  test('is found by its pipeline, told to stay and to go on, and looked at without a primary metric', async () => {
    await world.look(ID);
    const { code, stdout } = await run('rollout status bot');
    expect(code).toBe(0);
    expect(stdout).toContain(`${ID} on bot: loud is being rolled out. Too few users yet to see`);
    expect(stdout).toContain('before the first of 2 steps: 0 % of the traffic outside the share gets loud');
    expect(stdout).toMatch(/guardrail +failed .* no harm seen \(limit 1 percentage point\)/);
    world.told.length = 0;
    expect((await run('rollout pause bot --why weekend')).code).toBe(0);
    expect((await run('rollout resume')).code).toBe(0);
    expect(world.told).toContain(`pause rollout-${ID}`);
    expect(world.told).toContain(`resume rollout-${ID}`);
    const unheard = await world.run('rollout pause bot', { isServed: false });
    expect(unheard.stderr).toContain('held by its workflow');
  });

  test('that does harm is taken back, and the exit code says so', async () => {
    const row = await world.store.experiments.get(ID);
    const at = Date.now() - 3_600_000;
    const units = [0, 1].flatMap((arm) => Array.from({ length: 150 }, (_, n) => ({ arm, unit: `u${arm}-${n}` })));
    await world.store.outcomes.expose(
      units.map(({ arm, unit }) => ({ experiment: ID, unit, arm, stage: 1, probability: 0.5, runId: unit, at })),
    );
    const failed = units.map(({ arm, unit }, n) => ({
      ...{ experiment: ID, unit, arm, metric: 0, runId: unit, deliveryId: 'run:0', at, receivedAt: at },
      v: arm === 1 && n % 2 === 0 ? 1_000_000 : 0,
    }));
    await world.store.outcomes.put(failed, new Map([[ID, outcomeSettings(row)]]));
    await world.look(ID);
    const { code, stdout } = await run('rollout status');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^bot-loud\.2 on bot: loud was rolled back at /);
    expect((await run(`experiment audit ${ID}`)).code).toBe(0);
  });

  test('may be aborted, and one that would take weeks has to be forced', async () => {
    for (let n = 0; n < 20; n += 1) await world.ran({ runId: `slow-${n}`, unit: `slow-${n}`, daysAgo: 13 - n / 2 });
    const refused = await run('rollout start bot --variant loud');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/would take about [\d,]+ days: each of 4 steps waits for 50 users of the split/);
    expect((await run('rollout start bot --variant loud --force')).code).toBe(0);
    expect((await run('rollout abort bot --why complaints')).stdout).toContain('Aborted at');
    expect((await run('rollout status bot')).code).toBe(0);
  });
});
