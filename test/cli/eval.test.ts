/** `sluice eval run` and what steers it, whole, over the embedded database; the workflow is played. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import type { ResultRow } from '../../src/model/evaluation-result.ts';
import { type EvalWorld, loud, openWorld, served } from './eval-world.ts';

let world: EvalWorld;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.stop());

const latest = async () => (await world.store.evaluations.list({ limit: 1 }))[0]!;
/** With what is taken back at the end. */
async function playing(play: EvalWorld['play'], line: string, more: Parameters<EvalWorld['run']>[1] = {}) {
  const before = world.play;
  world.play = play;
  try {
    return await world.run(line, more);
  } finally {
    world.play = before;
  }
}
const lacking = (row: ResultRow): ResultRow =>
  row.exampleId < 'q10' && row.variant === 1
    ? { ...row, cells: { ...row.cells, close: { state: 'missing', reason: 'rate_limited', resumable: true } } }
    : row;

describe('run', () => {
  it('imports the dataset, says what it does before, and what differs after', async () => {
    const { code, stdout, stderr } = await world.run('run tone');
    expect(stderr).toMatch(
      /^imported questions: 42 examples, version [0-9a-f]{12}\ntone: 3 variants × 40 examples × 2 scorers = 240 cells; pre-registered\neval-tone-0001 {2}ui\/eval-tone-0001\ntone {2}120\/120/,
    );
    expect(stderr).toContain('80 calls made, 40 shared');
    expect(stdout).toMatch(/^loud beats baseline on closeness by 0\.\d+ \(95% interval/);
    expect(stdout).toContain('closeness: without 4 examples that have nothing to score');
    expect(stdout).toMatch(/eval-tone-0001 {2}completed · 120 of 120 runs/);
    expect(stdout).toContain('12 cells with nothing to score: the example expects nothing');
    expect(stdout).toContain('which got worse: sluice eval compare eval-tone-0001 --worse');
    expect(code).toBe(0);
    expect(world.asked[0]).toMatchObject({ budgetUsd: null, startedBy: 'mo', spec: { definition: 'tone' } });
    expect(world.asked[0]!.plans.map((plan) => plan.nodes.length)).toEqual([1, 1, 1]);
  });

  it('says what makes it exploratory, and takes other variants of the pipeline', async () => {
    const exploring = async (options: string) => {
      const { stderr } = await world.run(`run tone ${options}`);
      return /; (.*)/.exec(stderr)![1];
    };
    expect(await exploring('--limit 6')).toBe('exploratory: the first 6 examples');
    expect(await exploring('--tag odd --repeats 2')).toBe('exploratory: tag odd, 2 repeats instead of 1');
    expect(await exploring('--split all')).toBe('exploratory: split all');
    expect(await exploring('--aa')).toBe('exploratory: the baseline against itself');
    expect(await exploring('--limit 40')).toBe('pre-registered');
    await world.run('run ton --variants served,bot:loud --budget-usd 2.5');
    const { spec, budgetUsd, plans } = world.asked.at(-1)!;
    expect(spec.variants.map(({ name }) => name)).toEqual(['baseline', 'served', 'loud']);
    expect([budgetUsd, plans.slice(1)]).toEqual([2.5, [served.plan, loud.plan]]);
  });

  it('tells of the final examples that they decide once', async () => {
    const { stderr } = await world.run('run tone --split final');
    expect(stderr).toContain("with the final examples of questions: they decide once, for 'promote bot'");
    expect(world.asked.at(-1)!.spec.dataset).toMatchObject({ split: 'final', examples: 2 });
  });

  it('runs on the version that is stored, or asked for, and tells of a file that has changed', async () => {
    const first = world.asked[0]!.spec.dataset.version;
    await appendFile(join(world.folder, 'questions.jsonl'), '\n{"id": "new", "input": {"question": "?"}}');
    const { stderr } = await world.run('run tone');
    expect(stderr).toContain('questions.jsonl was changed since it was imported; to evaluate on it:');
    expect(world.asked.at(-1)!.spec.dataset.version).toBe(first);
    const named = await world.run(`run tone --dataset questions@${first.slice(0, 9)} --limit 2`);
    expect(named).toMatchObject({ code: 0 });
    expect(named.stderr).not.toContain('was changed');
    expect(await world.run('run tone --dataset others@12')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the evaluation is on 'questions'"),
    });
  });

  it('prints all of it as JSON', async () => {
    const { stdout } = await world.run('run tone --json');
    expect(JSON.parse(stdout)).toMatchObject({
      evaluation: { state: 'completed' },
      progress: { total: 120, done: 120, resumable: 0 },
      missing: [{ reason: 'the example expects nothing', isInapplicable: true, cells: 12 }],
      report: { headline: expect.any(Array) },
      noise: null,
      temporalUrl: expect.stringMatching(/^ui\/eval-tone-/),
    });
  });

  it('says what is missing most and how to fill it, and ends with an error then', async () => {
    const { code, stdout } = await playing((row) => world.finish(row, 'partial', lacking), 'run tone');
    const { evaluationId } = await latest();
    expect(stdout).toContain(`${evaluationId}  partial · 110 of 120 runs`);
    expect(stdout).toContain(
      `  10 cells missing: rate_limited\n  fill what can be filled: sluice eval resume ${evaluationId}`,
    );
    expect(stdout).toContain('! ');
    expect(code).toBe(1);
  });

  it('names the variables of keys that are missing, and evaluations that need none', async () => {
    world.check = async () => {
      throw new SluiceError('key_missing', { message: 'no OPENAI_API_KEY', remedy: 'set it', data: { variables: [] } });
    };
    const { code, stderr } = await world.run('run tone --variants served');
    world.check = async () => undefined;
    expect(stderr).toContain('✖ no OPENAI_API_KEY\n  set it\n  evaluations that need no key: tone\n');
    expect(code).toBe(1);
  });

  it('ends with the code for tampering where the registration was', async () => {
    const refusing = async () => {
      throw new SluiceError('registration_tampered', { message: "'tone' is not what it was", remedy: 'put it back' });
    };
    expect(await playing(refusing, 'run tone')).toMatchObject({ code: 5, stderr: expect.stringContaining('put it') });
  });

  it('refuses what does not fit', async () => {
    expect(await world.run('run tome')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("✖ there is no evaluation 'tome'\n  did you mean 'tone'?"),
    });
    expect((await world.run('run tone --variants lout')).stderr).toContain("did you mean 'loud'?");
    expect((await world.run('run tone --aa --variants loud')).code).toBe(2);
    expect((await world.run('run tone --tag none')).stderr).toContain('has no examples of dev tagged');
    expect((await world.run('run tone --split test')).code).toBe(2);
  });
});

describe('leaving and going on', () => {
  it('Ctrl-C stops looking, and says how to follow, go on and end', async () => {
    const leave = async (isEphemeral: boolean) => {
      const interrupt = new AbortController();
      const result = await playing(async () => interrupt.abort(), 'run tone', {
        signal: interrupt.signal,
        isEphemeral,
      });
      return { ...result, id: (await latest()).evaluationId };
    };
    const shared = await leave(false);
    expect(shared.stderr).toContain(
      `it goes on without you\n  follow it: sluice eval status ${shared.id} --follow\n  end it: sluice eval cancel ${shared.id}\n`,
    );
    expect(shared).toMatchObject({ code: 130, stdout: '' });
    const own = await leave(true);
    expect(own.stderr).toContain(
      `stopped with the servers of this command; what is done is kept\n  go on: sluice eval resume ${own.id}\n`,
    );
  });

  it.each(['is done', 'was left by Ctrl-C'])(
    'prints its last lines after its servers have stopped, when it %s',
    async (how) => {
      const interrupt = new AbortController();
      const events: string[] = [];
      const play = how === 'is done' ? world.play : async () => interrupt.abort();
      const { code } = await playing(play, 'run tone', {
        ...{ isEphemeral: true, signal: interrupt.signal },
        onOutput: (text) => void events.push(text),
        onStop: () => void events.push('stopped'),
      });
      const { evaluationId } = await latest();
      const last = how === 'is done' ? `eval compare ${evaluationId} --gate` : `eval cancel ${evaluationId}`;
      const after = events.slice(events.indexOf('stopped') + 1);
      expect(after.at(-1)).toContain(last);
      expect(events.filter((text) => text.includes(last))).toHaveLength(1);
      expect(code).toBe(how === 'is done' ? 0 : 130);
    },
  );

  it('detaches where somebody else serves it, and nowhere else', async () => {
    const { stdout, code } = await world.run('run tone --detach');
    const { evaluationId } = await latest();
    expect(stdout).toContain(`follow it: sluice eval status ${evaluationId} --follow`);
    expect(code).toBe(0);
    const alone = await world.run('run tone --detach', { isEphemeral: true });
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('sluice dev') });
    expect((await latest()).evaluationId).toBe(evaluationId);
  });

  it('tells once that it is paused', async () => {
    const pausing: EvalWorld['play'] = async (row, { onProgress }) => {
      const progress = await world.store.evaluations.progress(row.evaluationId);
      for (const state of ['running', 'paused', 'paused', 'running'] as const) onProgress?.(progress, state);
      await world.finish(row);
    };
    const { stderr } = await playing(pausing, 'run tone --limit 3');
    expect(stderr.match(/it is paused/g)).toHaveLength(1);
  });

  it('pauses, resumes and cancels by the beginning of an id, with or without eval-', async () => {
    await world.run('run tone --detach');
    const { evaluationId } = await latest();
    const short = evaluationId.slice('eval-'.length);
    expect((await world.run(`pause ${short}`)).stdout).toContain(`${evaluationId}  paused · 0 of 120 runs`);
    const resumed = await world.run(`resume ${short} --budget-usd 3 --fresh`);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('loud beats baseline') });
    expect(world.steered.at(-1)).toBe(`resume ${evaluationId} {"budgetUsd":3,"acceptChanged":true}`);
    expect(await world.run(`cancel ${short}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is nothing to cancel'),
    });
    await world.run('run tone --detach');
    const other = await latest();
    expect((await playing(async () => undefined, `cancel ${other.evaluationId} --json`)).stdout).toContain(
      '"state": "cancelled"',
    );
    expect((await world.run(`resume ${other.evaluationId} --detach`)).stdout).toContain('running');
    expect((await world.run('pause eval-tone')).stderr).toContain("several evaluations begin with 'eval-tone'");
    expect((await world.run('pause tone-x')).stderr).toContain("there is no evaluation 'eval-tone-x'");
  });
});

describe('status and list', () => {
  it('tell how far an evaluation is, of what, and what to do next', async () => {
    await world.run('run tone --limit 5');
    const { evaluationId } = await latest();
    const { stdout } = await world.run('status');
    expect(stdout).toContain(`${evaluationId}  completed · 15 of 15 runs`);
    expect(stdout).toMatch(
      /baseline, loud, quiet on 5 examples of questions@[0-9a-f]{12} \(dev\);\s+exploratory, of 'tone'/,
    );
    expect(stdout).toContain(`compare: sluice eval compare ${evaluationId}`);
    const next = async (state: Parameters<EvalWorld['finish']>[1]) => {
      await world.store.evaluations.setState(evaluationId, state!, state === 'failed' ? FAILURE : null);
      return (await world.run(`status ${evaluationId}`)).stdout;
    };
    expect(await next('running')).toContain('follow it: sluice eval status');
    expect(await next('stopped')).toContain('its budget is used up; go on: sluice eval resume');
    expect(await next('failed')).toContain(`${FAILURE.message}\n`);
    const json = JSON.parse((await world.run(`status ${evaluationId} --json`)).stdout);
    expect(json).toMatchObject({
      evaluationId,
      state: 'failed',
      progress: { done: 15 },
      temporalUrl: `ui/${evaluationId}`,
    });
    expect((await world.run(`status ${evaluationId} --follow`)).stdout).toContain('loud');
  });

  it('list the newest, by name, with what they are', async () => {
    await world.run('run tone --aa --limit 4');
    const { stdout } = await world.run('list --limit 2');
    expect(stdout.split('\n')[1]).toMatch(
      /^eval-tone-\d{4} +completed +8 +baseline, baseline again +questions dev +A\/A +– /,
    );
    expect(JSON.parse((await world.run('list --name tone --limit 3 --json')).stdout)).toHaveLength(3);
    expect((await world.run('list --name other')).stdout).toContain("no evaluations of 'other'");
  });
});

const FAILURE = { code: 'step_changed', message: 'write@1: the code is not what values of this version are from' };
