/** What is sent too early, too late, of nobody, or by a wrong clock: a clear error, or counted and left out; nothing is lost. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAfterRun, createCountRun } from '../../activities/after-run.ts';
import { createExpose } from '../../src/boundary/boundary.ts';
import { createServing } from '../../src/client/client.ts';
import { checkStart } from '../../src/client/experiment-client.ts';
import { createFeedbackClient, type FeedbackClient } from '../../src/client/feedback-client.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { takeAnalysis } from '../../src/experiment/take-analysis.ts';
import type { AnalysisRecord } from '../../src/model/analysis-data.ts';
import type { RunAssignment } from '../../src/model/assign.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { Store } from '../../src/store/store.ts';
import { sweeperOf } from '../support/sweeper.ts';
import { startStore, type TestStore } from '../support/test-store.ts';
import { deploy, planFor, specOf } from './clock-world.ts';

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;
const BEGAN = 1_767_225_600_000;
/** By the database. */
let now = BEGAN;
let running: TestStore;
let store: Store;
let client: FeedbackClient;
let row: ExperimentRow;
let names = 0;

beforeAll(async () => {
  running = await startStore({ clock: () => now });
  store = running.store;
  client = createFeedbackClient(store);
});
afterAll(() => running?.stop());
beforeEach(async () => {
  now = BEGAN;
  names += 1;
  row = await start(specFor(`wrong-${names}`));
});

/** How many thumbs are down, and how many runs failed, each within ten minutes of a unit's first run. */
function specFor(name: string): ExperimentSpec {
  const spec = specOf(name);
  const [first, failed] = spec.metrics;
  const down = { ...first!, name: 'down', source: { from: 'feedback', field: 'down' }, absent: 'zero' } as const;
  return { ...spec, share: 1, metrics: [down, failed!].map((metric) => ({ ...metric, windowMs: 10 * MINUTE })) };
}

async function start(spec: ExperimentSpec): Promise<ExperimentRow> {
  const { name, pipeline } = spec;
  await deploy(store, pipeline);
  return store.experiments.start({
    ...{ name, pipeline, kind: 'experiment', spec, by: 'test', why: 'to see', facts: { snapshots: {} } },
    settings: freezeSettings(spec, { nStar: 300, vRefs: [1, 1] }),
    expected: await store.experiments.version(pipeline),
  });
}

const assignmentOf = (unit: string): RunAssignment => ({
  ...{ experiment: row.experimentId, arm: 'warm', armIndex: 1, stage: 1, unit, probability: 0.5, isOverride: false },
});

/** A run that has begun, and is not recorded. */
async function begin(runId: string, unit: string): Promise<string> {
  await store.runs.begin({
    ...{
      runId,
      pipeline: row.pipeline,
      planId: planId(planFor(row.pipeline)),
      arms: {},
      unit,
      idempotencyKey: null,
      input: { text: '' },
    },
    assignments: [{ ...assignmentOf(unit), nodes: ['said'] }],
  });
  return runId;
}

/** @param finishedAt by Temporal's clock */
async function record(runId: string, unit: string, finishedAt = now): Promise<void> {
  const countRun = createCountRun({ store, expose: createExpose(store.outcomes), wake: async () => undefined });
  const follow = createAfterRun({ store, countRun, outputsOf: async () => [] });
  await store.runs.complete(runId, { outcome: 'completed', output: null, error: null, finishedAt, nodes: [] });
  await follow(runId, { assigned: [assignmentOf(unit)] });
}

/** @param here by the clock of the machine that looks */
async function look(lookNo: number, here = now): Promise<AnalysisRecord> {
  const { experimentId } = row;
  await takeAnalysis({ store, now: () => here, version: 'test' }, { experimentId, lookNo, phase: 'experiment' });
  return JSON.parse((await store.ledger.look(experimentId, lookNo))!.content) as AnalysisRecord;
}

const down = { thumb: 'down' } as const;
const isDown = ({ data }: AnalysisRecord) => data.cells.filter(({ metric }) => metric === 0);

describe('feedback', () => {
  test('of a run that there is not is refused, with the nearest that there is', async () => {
    await begin('run-known', 'ann');
    await expect(client.feedback('run-knwon', down)).rejects.toMatchObject({
      code: 'run_unknown',
      remedy: "did you mean 'run-known'?",
    });
    expect(await store.feedback.list({ pipeline: row.pipeline, limit: 9 })).toEqual([]);
  });

  test('signed as a monitor’s is refused, and not kept', async () => {
    const runId = await begin('run-forged', 'ann');
    const said = client.feedback(runId, down, { by: 'monitor:grounded@1' });
    await expect(said).rejects.toMatchObject({ code: 'feedback_invalid', data: { problems: ['by'] } });
    expect(await store.feedback.ofRun(runId)).toEqual([]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e15])('said at %d is refused, and not kept', async (at) => {
    const runId = await begin(`run-timeless-${at}`, 'ann');
    await expect(client.feedback(runId, down, { at })).rejects.toMatchObject({ code: 'feedback_invalid' });
    expect(await store.feedback.ofRun(runId)).toEqual([]);
  });

  test('that is faster than the record of its run counts as what comes after it, once', async () => {
    const [early, late] = [await begin(`early-${names}`, 'ann'), await begin(`late-${names}`, 'bob')];
    await client.feedback(early, down, { at: now });
    await client.feedback(early, down, { at: now });
    await record(early, 'ann', now + 1);
    await record(late, 'bob', now + 1);
    now += MINUTE;
    await client.feedback(late, down, { at: now });
    now += 10 * MINUTE;
    const seen = await look(1);
    expect(seen.data.matured).toMatchObject([{ arm: 1, n: 2 }]);
    expect(isDown(seen)).toMatchObject([{ arm: 1, n: 2, v: '2000000' }]);
    expect(seen.data.counts).toMatchObject({ late: 0, outside: 0 });
  });

  test.each([
    ['a year ahead', YEAR],
    ['a year behind', -YEAR],
  ])('by a clock that is %s is counted as outside, and changes nothing', async (_, jump) => {
    await record(await begin(`first-${names}`, 'ann'), 'ann');
    const second = await begin(`second-${names}`, 'ann');
    await record(second, 'ann');
    await client.feedback(second, down, { at: now + jump });
    now += 11 * MINUTE;
    const seen = await look(1);
    expect([seen.data.matured, isDown(seen)]).toMatchObject([[{ n: 1 }], []]);
    expect(seen.data.counts).toMatchObject({ outside: 1, late: 0 });
  });
});

describe('a run whose workflow was terminated', () => {
  test('is exposed in its arm when it is closed, and counts as failed, once', async () => {
    const runId = await begin(`run-${names}`, 'ann');
    const status = { name: 'TERMINATED' };
    const temporal = { workflow: { getHandle: () => ({ describe: async () => ({ status }) }) } } as unknown as Client;
    now += MINUTE;
    const sweep = sweeperOf(store, temporal, { olderThanMs: 0, startableMs: 0 });
    expect(await sweep()).toMatchObject({ closed: expect.any(Number) });
    expect(await sweep()).toEqual({ closed: 0 });
    expect(await store.runs.get(runId)).toMatchObject({ state: 'failed', error: { code: 'terminated' } });
    now += 11 * MINUTE;
    const { data } = await look(1);
    expect(data.exposed).toEqual([{ stage: 1, arm: 1, n: 1 }]);
    expect(data.cells.filter(({ metric }) => metric === 1)).toMatchObject([{ arm: 1, n: 1, v: '1000000' }]);
  });
});

describe('a clock that jumps', () => {
  test('ahead, where looks are made: nothing matures, or ends, before its time, and nothing is lost', async () => {
    const runId = await begin(`run-${names}`, 'ann');
    await record(runId, 'ann');
    const hasty = await look(1, now + YEAR);
    expect(hasty).toMatchObject({ at: now, decision: 'continue', data: { watermark: now, matured: [] } });
    await client.feedback(runId, down, { at: now + MINUTE });
    now += 11 * MINUTE;
    expect(isDown(await look(2))).toMatchObject([{ n: 1, v: '1000000' }]);
  });

  test('back, where looks are made: what has matured stays so', async () => {
    await record(await begin(`run-${names}`, 'ann'), 'ann');
    now += 11 * MINUTE;
    const before = await look(1);
    expect(before.data.matured).toMatchObject([{ n: 1 }]);
    const after = await look(2, now - YEAR);
    expect(after.data).toEqual(before.data);
  });

  test('where runs end: they count for the unit that they exposed', async () => {
    await record(await begin(`run-${names}`, 'ann'), 'ann', now - YEAR);
    now += 11 * MINUTE;
    const { data } = await look(1);
    expect(data.cells.filter(({ metric }) => metric === 1)).toMatchObject([{ n: 1, v: '0' }]);
    expect(data.counts.outside).toBe(0);
  });
});

describe('units and weights', () => {
  test('an id of 10 kB, or none at all, is refused wherever it comes from', async () => {
    const spec = { ...specFor(`read-${names}`), unit: { $from: ['input', 'user'] as const } };
    const { pipeline } = await start(spec);
    const decide = createServing(store);
    const long = 'é'.repeat(5_000);
    for (const request of [
      { input: { user: long }, unit: null },
      { input: { user: 7 }, unit: null },
      { input: {}, unit: long },
    ])
      await expect(decide(pipeline, request)).rejects.toMatchObject({ code: 'unit_invalid' });
    await expect(decide(pipeline, { input: {}, unit: null })).resolves.toMatchObject({ assignments: [], unit: null });
  });

  test('weights that do not sum to 1 start nothing, also where no definition has checked them', async () => {
    const [baseline, warm] = row.spec.arms;
    const spec = { ...specFor('weighty'), arms: [baseline!, { ...warm!, weight: 0.6 }] };
    const serving = { ...(await store.experiments.serving(row.pipeline))!, experiments: [] };
    const base = planFor(row.pipeline);
    await expect(checkStart(spec, serving, base, async () => undefined)).rejects.toMatchObject({
      code: 'assign_invalid',
    });
  });
});
