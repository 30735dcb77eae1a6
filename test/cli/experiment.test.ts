/** `sluice experiment`, whole, over the embedded database: planned, started, watched, steered, and held to the ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import { bot, definedAs, type ExperimentWorld, openWorld } from './experiment-world.ts';

let world: ExperimentWorld;
let id: string;
let count = 0;
const run: ExperimentWorld['run'] = (line, more) => world.run(`experiment ${line}`, more);
const start = async (more = '--force') => {
  const started = await run(`start ${id} ${more}`);
  expect(started).toMatchObject({ code: 0 });
  return started;
};
const GOOD = { units: 120, good: 110 };

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.stop());

test('what is not deployed cannot start, and it is said how that is changed', async () => {
  world.defined.set('early', definedAs('early'));
  const refused = await run('start early');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toBe(
    "✖ 'early' cannot start: nothing is deployed of 'bot', so there is no baseline\n  deploy it first: sluice deploy bot\n",
  );
  world.defined.delete('early');
});

test('where nothing is defined it is said where that is done', async () => {
  expect((await run('list')).stdout).toContain('define one (defineExperiment)');
  expect((await run('plan tone')).stderr).toContain('export it in pipelines/index.ts');
});

describe('on a pipeline that is deployed', () => {
  beforeAll(() => world.deploy());
  beforeEach(async () => {
    // Those of one pipeline that edit one node exclude each other.
    for (const { experimentId } of await world.store.experiments.list({ live: true }))
      await world.store.experiments.move(experimentId, {
        ...{ to: 'aborted', from: ['running', 'paused', 'halted', 'approving', 'rolling'], by: 'test', reason: 'over' },
      });
    world.defined.clear();
    id = `tone-${++count}`;
    world.defined.set(id, definedAs(id));
    world.told.length = 0;
  });

  test('a plan without traffic says so, and what can be said of it', async () => {
    const plan = await run(`plan ${id}`);
    expect(plan.code).toBe(0);
    const [first, ...rest] = plan.stdout.split('\n');
    expect(first).toMatch(new RegExp(`^${id} on bot: about [\\d,]+ users; how long that takes is not known`));
    expect(rest.join('\n')).toContain('traffic: not known (0 users in 0 runs');
    expect(rest.join('\n')).toContain('Nothing was measured of thumbs-up, failed');
    expect(plan.stdout).toContain(`start it: sluice experiment start ${id} --why`);
  });

  test('what is said instead of it counts: pace, means and spreads', async () => {
    const told = await run(`plan ${id} --units-per-day 4000 --assume thumbs-up=0.2 --assume fail=0.02 --json`);
    const plan = JSON.parse(told.stdout);
    expect(plan).toMatchObject({ unitsPerDay: 2_000, isHopeless: false, traffic: { planned: 4_000, units: 0 } });
    expect(plan.metrics.slice(0, 2)).toEqual([
      { metric: 'thumbs-up', role: 'primary', mean: 0.2, variance: expect.closeTo(0.16, 12), units: 0 },
      { metric: 'failed', role: 'guardrail', mean: 0.02, variance: expect.closeTo(0.0196, 12), units: 0 },
    ]);
    expect(plan.assumed).not.toContain('thumbs-up');
    expect(plan.days).toBeCloseTo(plan.units / 2_000, 3);
  });

  test.each([
    ['--assume thumbs-up', 'write metric=mean or metric=mean:sd'],
    ['--assume thumbs-up=2', "'thumbs-up' is a share, and 2 is none"],
    ['--assume latency=900', "how much 'latency' differs between units is not said"],
    ['--assume thumbs-upp=0.1', "did you mean 'thumbs-up'?"],
    ['--units-per-day 0', 'give a whole number from 1'],
  ])('%s is refused', async (option, why) => {
    const refused = await run(`plan ${id} ${option}`);
    expect(refused.code).toBeGreaterThan(0);
    expect(refused.stderr).toContain(why);
  });

  test('the hopeless is told by the plan, refused by the start, and may be forced', async () => {
    world.defined.set(id, definedAs(id, { effect: 0.001, maxDuration: '1 day' }));
    const plan = await run(`plan ${id} --units-per-day 100`);
    expect(plan.code).toBe(4);
    expect(plan.stdout).toMatch(/no hope: it takes about [\d,]+ days, and may last 1\n/);
    const refused = await run(`start ${id} --units-per-day 100`);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/would hardly end with a verdict: it takes about [\d,]+ days/);
    expect(await world.store.experiments.list({ live: true })).toEqual([]);
    expect((await run(`start ${id} --units-per-day 100 --force`)).code).toBe(0);
  });

  test('a start says who is in it, which arms there are, and what comes next', async () => {
    const { stdout } = await start('--why "won offline"');
    expect(stdout.split('\n')).toEqual([
      `${id} has started on bot: 50 % of users are in it`,
      '  of these: 50 % baseline, 50 % loud',
      '  how long it takes is not known, at most 28 days; first look in 15 minutes, and',
      '  nothing is decided before 50 users in each arm',
      `  ui/experiment-${id}`,
      `  follow it: sluice experiment status ${id}      end it: sluice experiment abort ${id}`,
      '',
    ]);
    expect(world.told).toEqual([`start experiment-${id}`]);
    expect(await world.store.experiments.audit(id, 10)).toMatchObject([{ who: 'mo', why: 'won offline' }]);
    const again = await run(`start ${id} --force`);
    expect(again.stderr).toContain(`${id} is live: it is running already`);
  });

  test('a list has what is on with its verdict, what could be started, and what has ended if asked', async () => {
    await start();
    world.defined.set('other', definedAs('other'));
    const { stdout } = await run('list');
    expect(stdout).toMatch(new RegExp(`${id} +bot +running +50 % +1 +loud +– +[-\\d]+ [:\\d]+ UTC +– +Running since`));
    expect(stdout).toMatch(/other +bot +not started +50 % +– +loud +– +– +– +–/);
    expect(stdout).toContain('sluice experiment plan other');
    expect(stdout).not.toContain('aborted');
    const all = JSON.parse((await run('list --all --json --limit 1000')).stdout);
    expect(all.map(({ state }: { state: string }) => state)).toContain('aborted');
    expect(JSON.parse((await run('list --json --pipeline none')).stdout)).toEqual([]);
  });

  test('a status before the first look says so; with one the verdict comes first, then the numbers', async () => {
    await start();
    const before = await run(`status ${id}`);
    expect(before.stdout).toContain('no look yet · next in 15 minutes');
    await world.look(id, { units: 30 });
    const { code, stdout } = await run(`status ${id}`);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(`${id} on bot: Collecting: 30 of 50 users in the smaller arm.`);
    expect(lines[1]).toMatch(/^ {2}running · \d+ seconds? of at most 28 days · share 50 % · stage 1$/);
    expect(stdout).toMatch(/primary +thumbs-up +20% +100% +– +30 \+ 30 +open/);
    expect(stdout).toMatch(/guardrail +failed +0% +0% +– +30 \+ 30 +not proven yet \(limit 30 percentage points\)/);
    expect(stdout).toContain('sample ratio fine');
    expect(stdout).toContain('0 excluded, 0 late, 0 missing, 0 capped.');
    expect(stdout).toMatch(/last look \(number 1\) .* ago: continue \(warming up\)/);
    expect(stdout).toContain(`ui/experiment-${id}\n  pause: sluice experiment pause ${id} --why "…"`);
    const data = JSON.parse((await run(`status ${id} --json`)).stdout);
    expect(data).toMatchObject({ experimentId: id, state: 'running', temporalUrl: `ui/experiment-${id}` });
    expect(data.table[0]).toMatchObject({ metric: 'thumbs-up', units: [30, 30], values: [0.2, 1] });
  });

  test('harm is told with what it was, and by the exit code', async () => {
    await start();
    await world.look(id, { units: 120, failed: 100 });
    const { code, stdout } = await run(`status ${id}`);
    expect(code).toBe(3);
    expect(stdout).toMatch(new RegExp(`^${id} on bot: loud was rolled back at .* UTC: `));
    expect(stdout).toContain(`sluice experiment audit ${id}`);
  });

  test('once there is an interval it is shown with the effect', async () => {
    await start();
    await world.look(id, { units: 60, good: 14 });
    const { stdout } = await run(`status ${id}`);
    expect(stdout).toMatch(
      /primary +thumbs-up +20% +23.3% +\+3.33 \[-[\d.]+, \+[\d.]+\] percentage points +60 \+ 60 +open/,
    );
  });

  test('a winner is rolled out, and the status says how far', async () => {
    await start();
    await world.look(id, GOOD);
    const { code, stdout } = await run(`status ${id}`);
    expect(code).toBe(0);
    expect(stdout).toContain('before the first of 4 steps: 0 % of the traffic outside the share gets loud');
    expect(stdout).toContain(`ui/rollout-${id}`);
    expect((await world.run('rollout status bot')).stdout).toContain(`${id} on bot: `);
    const whole = (await run(`status ${id} --all`)).stdout;
    expect(whole).toMatch(/^arms +baseline 50 % · loud 50 %$/m);
    expect(whole).toMatch(/^loud +50 % +120 +120 +120 +120$/m);
    expect(whole).toMatch(/^thumbs-up +loud +120 +0 +120 +0 +–$/m);
    expect(whole.replaceAll(/\s+/g, ' ')).toContain(
      'Events of thumbs-up: 0 of 120 users in baseline had none in time, 0 came late; 0 of 120 users in loud',
    );
    expect(JSON.parse((await run(`status ${id} --json`)).stdout).arrivals).toMatchObject([
      { metric: 'thumbs-up', arm: 'baseline', matured: 120, silent: 0, events: 120, late: 0, status: 'arrived' },
      { metric: 'thumbs-up', arm: 'loud', matured: 120, silent: 0, events: 120, late: 0, status: 'arrived' },
    ]);
    expect(whole).toMatch(/^exposed +50 % · 50 % +baseline 120, loud 120 +1.0$/m);
    const brief = (await run(`brief ${id}`)).stdout;
    expect(brief).toMatch(/^Question\n {2}Does loud raise thumbs-up on bot, without harm to /);
    expect(brief).toContain('Recommendation\n  Nothing to do: loud is being rolled out');
    expect(brief).toMatch(/Users: [\d,]+ in baseline .*It\s+has run for \d+ seconds?/);
    expect(JSON.parse((await run(`brief ${id} --json`)).stdout)).toMatchObject({
      state: 'rolling',
      report: { lookNo: 1 },
    });
    expect((await run(`history ${id} --looks`)).stdout).toMatch(/^ +1 .* thumbs-up +loud +\+.* better +promote$/m);
  });

  test('the look that promoted stays the result, and the rollout is shown with its own numbers', async () => {
    await start();
    await world.look(id, GOOD);
    await world.look(id, { units: 60, good: 0 });
    const isResult = (stdout: string) => {
      expect(stdout).toMatch(/primary +thumbs-up +20% +91.7% .* 120 \+ 120 +better/);
      expect(stdout).toMatch(
        /rollout, by its newest look \(number 2\):\n(.*\n)+? +primary +thumbs-up +20% +0% .* 60 \+ 60/,
      );
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain('loud beats baseline on thumbs-up by 71.7');
    };
    const rolling = await run(`status ${id}`);
    expect(rolling.stdout).toMatch(new RegExp(`^${id} on bot: loud is being rolled out`));
    isResult(rolling.stdout);
    await world.store.experiments.move(id, { to: 'promoted', from: ['rolling'], by: 'sluice', reason: 'rolled_out' });
    const promoted = await run(`status ${id}`);
    expect(promoted.stdout).toMatch(new RegExp(`^${id} on bot: loud was promoted`));
    isResult(promoted.stdout);
    const data = JSON.parse((await run(`status ${id} --json`)).stdout);
    expect(data).toMatchObject({
      ...{ look: { lookNo: 1, phase: 'experiment', decision: 'promote' } },
      table: [{ metric: 'thumbs-up', status: 'better', values: [0.2, 110 / 120] }, { metric: 'failed' }, {}, {}],
      rollout: {
        look: { lookNo: 2, phase: 'rollout' },
        table: [{ metric: 'thumbs-up', values: [0.2, 0] }, {}, {}, {}],
      },
    });
    const brief = await run(`brief ${id} --json`);
    expect(JSON.parse(brief.stdout)).toMatchObject({
      report: { lookNo: 1, table: [{ status: 'better' }, {}, {}, {}], rollout: { lookNo: 2 } },
    });
  });

  test('while a winner waits for approval, later looks do not replace the one that promoted', async () => {
    await start();
    const { experiments } = world.store;
    await world.look(id, GOOD);
    await experiments.move(id, { to: 'approving', from: ['rolling'], by: 'sluice', reason: 'superior' });
    await world.look(id, { units: 600, good: 120 });
    const data = JSON.parse((await run(`status ${id} --json`)).stdout);
    expect(data).toMatchObject({ state: 'approving', look: { lookNo: 1, decision: 'promote' }, rollout: null });
    expect(data.sentences.join(' ')).toContain('loud beats baseline on thumbs-up');
    expect((await run(`status ${id}`)).stdout).toMatch(/last look \(number 2\)/);
  });

  test.each([
    ['inconclusive', 4],
    ['promoted', 0],
    ['superseded', 0],
  ] as const)('the exit code of one that is %s is %d', async (to, code) => {
    await start();
    await world.store.experiments.move(id, { to, from: ['running'], by: 'sluice', reason: 'to see' });
    expect((await run(`status ${id}`)).code).toBe(code);
  });

  test('pause, resume and abort say who and why, and what then is', async () => {
    await start();
    const paused = await run(`pause ${id} --why "the answers are odd"`);
    expect(paused.stdout).toMatch(new RegExp(`^${id} on bot: Paused at .* by mo: the answers are odd`));
    expect(paused.stdout).toContain(`go on: sluice experiment resume ${id}`);
    expect((await run(`resume ${id}`)).stdout).toMatch(/Running since/);
    const refused = await run(`approve ${id}`);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain(`${id} is running: it has no winner that waits`);
    const aborted = await run(`abort ${id} --why "enough seen" --json`);
    expect(JSON.parse(aborted.stdout)).toMatchObject({ state: 'aborted', reason: 'enough seen' });
    expect(await world.store.experiments.audit(id, 1)).toMatchObject([{ who: 'mo', why: 'enough seen' }]);
  });

  test('to stop what is live needs no server, and it is said that none was told', async () => {
    await start();
    world.told.length = 0;
    for (const action of ['pause', 'abort']) {
      const said = await run(`${action} ${id}`, { isServed: false });
      expect(said.code).toBe(0);
      expect(said.stderr).toContain('the store was told');
    }
    expect(world.told).toEqual([]);
    expect(await world.store.experiments.get(id)).toMatchObject({ state: 'aborted' });
  });

  test('on a terminal an abort asks for the name, and goes by what is typed', async () => {
    await start();
    const refused = await run(`abort ${id}`, { ask: async () => 'yes' });
    expect(refused.stderr).toContain(`${id} goes on: its name was not typed`);
    expect(await world.store.experiments.get(id)).toMatchObject({ state: 'running' });
    expect((await run(`abort ${id}`, { ask: async () => id })).code).toBe(0);
    await start();
    const unasked = async () => Promise.reject(new SluiceError('asked', { message: 'asked', remedy: 'do not' }));
    expect((await run(`abort ${id}.2 --yes`, { ask: unasked })).code).toBe(0);
  });

  test('an audit works all verdicts out again, and names the first that comes out otherwise', async () => {
    await start();
    await world.look(id, { units: 20 });
    await world.look(id, GOOD);
    const fine = await run(`audit ${id}`);
    expect(fine.code).toBe(0);
    expect(fine.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /^tone-\d+: 2 looks worked out again .* and all come out the same every number, to the last digit/,
    );

    const { store } = world;
    const forged = {
      ...store,
      ledger: {
        ...store.ledger,
        entries: async (...asked: Parameters<typeof store.ledger.entries>) =>
          (await store.ledger.entries(...asked)).map(
            (entry): LedgerEntry =>
              entry.lookNo === 2 ? { ...entry, content: entry.content.replace('"promote"', '"continue"') } : entry,
          ),
      },
    };
    const services = { openStore: async () => ({ store: forged, stop: async () => undefined }) as never };
    const found = await run(`audit ${id}`, { services });
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/first: look 2 \(entry \d+\): another decision, at \w+/);
    expect(JSON.parse((await run(`audit ${id} --json`, { services })).stdout)).toMatchObject({ isEqual: false });
  });

  test('a history is of what was done, by whom, why, and of the looks that decided', async () => {
    await start('--why "won offline"');
    await run(`pause ${id} --why lunch`);
    await run(`resume ${id} --why back`);
    await world.look(id, { units: 20 });
    await world.look(id, GOOD);
    const { stdout } = await run(`history ${id}`);
    expect(stdout).toContain(`${id} on bot is rolling: 2 looks in 2 stages`);
    expect(stdout).toMatch(/started with 50 % of the traffic +mo +won offline/);
    expect(stdout).toMatch(/running → paused +mo +lunch/);
    expect(stdout).toMatch(/look 2: .*promote \(superior\)/);
    expect(stdout).toMatch(/running → rolling; winner – → loud +sluice +superior/);
    expect(stdout).not.toContain('look 1:');
    const data = JSON.parse((await run(`history ${id} --json`)).stdout);
    expect(data.stages).toHaveLength(2);
    expect(data.ledger.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['start', 'look', 'act']),
    );
  });

  test('a wrong id gets the nearest', async () => {
    await start();
    expect((await run(`status ${id}x`)).stderr).toContain(`did you mean '${id}'?`);
    expect((await run(`start ${id}x`)).stderr).toContain(`did you mean '${id}'?`);
  });

  test('what came lately is what a plan is made on; runs of nobody are counted apart', async () => {
    for (let n = 0; n < 20; n += 1)
      await world.ran({
        ...{ runId: `${id}-${n}`, unit: n < 18 ? `${id}-u${n % 9}` : null, daysAgo: 4 - n / 10 },
        ...(n % 3 === 0 && { thumb: 1 as const }),
        failed: n === 5,
      });
    const plan = await run(`plan ${id}`);
    expect(plan.stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /traffic: 2.25 users a day \(9 users in 20 runs of 4 days\); 50 % of them are in it: 1.1\d a day; left out: 2 runs of no user/,
    );
    expect(plan.code).toBe(4);
    expect(plan.stdout).toMatch(
      /no hope: it takes about [\d,]+ days, and may last 28\n {2}no hope: 'failed' cannot be proven harmless/,
    );
    await world.deploy(0.2);
    expect((await run(`plan ${id}`)).stdout.replaceAll(/\s+/g, ' ')).toContain(
      '20 % are held out, 50 % of the others are in it: 0.9',
    );
    expect(plan.stdout).toMatch(/thumbs-up +primary +33.3% +9 +\+10 percentage points +–/);
    expect(plan.stdout).toMatch(/failed +guardrail +11.1% +9 +within \+30 percentage points +yes/);
  });
});

test('on a deployment of which its variants would change more than they say nothing starts, unless it is meant', async () => {
  await world.deploy(0, bot.variant('calm', (edit) => edit.configure('draft', { tone: 'calm' })).plan);
  world.defined.set('tone-of-other', definedAs('tone-of-other'));
  const traffic = '--units-per-day 100000 --assume thumbs-up=0.5';
  const refused = await run(`start tone-of-other ${traffic}`);
  expect(refused.stderr).toContain('would change more: tone from "calm" to "plain"');
  expect((await run(`start tone-of-other ${traffic} --force`)).code).toBe(0);
});
