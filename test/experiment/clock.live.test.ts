/** The clocks of experiments and rollouts, through a real server: what they do by themselves, and what they are told. */
import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditLedger } from '../../src/experiment/audit.ts';
import type { ExperimentSpec } from '../../src/experiment/spec.ts';
import { composePlan } from '../../src/plan/compose.ts';
import { planId } from '../../src/plan/id.ts';
import { createExperimentClient, type ExperimentClient } from '../../src/runtime/experiment-client.ts';
import { wake } from '../../src/runtime/experiment-wake.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import {
  EXPERIMENT_WORKFLOW_PREFIX,
  type LookOutcome,
  REPORT_QUERY,
  ROLLOUT_WORKFLOW_PREFIX,
  STEER_UPDATE,
  STEP_QUERY,
  type StepPlace,
} from '../../workflows/experiment-messages.ts';
import { type Live, startLive } from '../support/live.ts';
import { type ClockWorker, type Hooks, startClockWorker } from './clock-workers.ts';
import { deploy, type Fed, feed, settingsOf, specOf } from './clock-world.ts';

let live: Live;
let temporal: Client;
let client: ExperimentClient;
let worker: ClockWorker;
/** Looks wait while units are fed: half of them would have matured without what came of them. */
let feeding = Promise.resolve();
let hooks: Hooks = {};

const LOOKS_PER_HISTORY = 3;
const HOUR_MS = 3_600_000;
const by = 'test';
const why = 'to see';

beforeAll(async () => {
  live = await startLive();
  temporal = new Client({ connection: live.connection });
  client = clientOf(temporal);
  worker = await startClockWorker(live, {
    async before(name, input) {
      if (name === 'lookAtExperiment') await feeding;
      await hooks.before?.(name, input);
    },
    after: (name, input) => hooks.after?.(name, input),
  });
});
afterAll(async () => {
  await worker?.stop();
  await live?.stop();
});
beforeEach(() => {
  hooks = {};
});

const clientOf = (through: Client) =>
  createExperimentClient({
    ...{ temporal: through, store: live.store, queues: live.config.queues, looksPerHistory: LOOKS_PER_HISTORY },
    check: async () => undefined,
  });

async function start(spec: ExperimentSpec): Promise<ExperimentRow> {
  await deploy(live.store, spec.pipeline);
  return client.startExperiment({ spec, settings: settingsOf(spec), by, why });
}
async function feedTo({ experimentId }: ExperimentRow, fed: Fed): Promise<void> {
  const row = await rowOf(experimentId);
  const done = feed(live.store, row, fed);
  feeding = done.catch(() => undefined);
  await done;
}
const rowOf = (experimentId: string) => live.store.experiments.get(experimentId);
const untilState = ({ experimentId }: ExperimentRow, state: string) =>
  expect.poll(async () => (await rowOf(experimentId)).state).toBe(state);
const entriesOf = ({ experimentId }: ExperimentRow) =>
  live.store.ledger.entries(experimentId, { after: 0, limit: 1_000 });
const looksOf = async (row: ExperimentRow) =>
  (await entriesOf(row)).flatMap(({ lookNo }) => (lookNo === null ? [] : [lookNo]));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const untilLooks = (row: ExperimentRow, more: number) => {
  const begun = looksOf(row);
  return expect.poll(async () => (await looksOf(row)).length - (await begun).length).toBeGreaterThanOrEqual(more);
};
const handleOf = (prefix: string, { experimentId }: ExperimentRow) =>
  temporal.workflow.getHandle(prefix + experimentId);
const placeOf = (row: ExperimentRow) => handleOf(ROLLOUT_WORKFLOW_PREFIX, row).query<StepPlace>(STEP_QUERY);
const steer = (row: ExperimentRow, action: 'pause' | 'resume' | 'abort' | 'approve') =>
  client.steerExperiment(row.experimentId, { action, by, why });

describe('an experiment that is left to itself', () => {
  test('promotes its winner, rolls it out by steps that wait for units, and leaves it deployed', async () => {
    const spec = specOf('promoted');
    const row = await start(spec);
    const before = await live.store.deployments.current(spec.pipeline);
    await feedTo(row, { units: 150 });
    await untilState(row, 'rolling');
    await expect.poll(async () => (await rowOf(row.experimentId)).ramp).toBe(0.5);
    await untilLooks(row, 2);
    expect(await placeOf(row)).toMatchObject({ step: 0, isHeld: false });
    await feedTo(row, { units: 10 });
    await expect.poll(async () => (await rowOf(row.experimentId)).ramp).toBe(1);
    await feedTo(row, { units: 10 });
    const ended = await client.followExperiment(row.experimentId, { pollMs: 20 });
    expect(ended).toMatchObject({ state: 'promoted', winner: 'warm', reason: 'rolled_out' });

    const base = await live.store.plans.get(before!.planId);
    const deployed = await live.store.deployments.current(spec.pipeline);
    expect(deployed).toMatchObject({
      planId: planId(composePlan(base, [spec.arms[1]!])),
      kind: 'promote',
      promoted: [{ experiment: row.experimentId, variant: 'warm', edits: spec.arms[1]!.edits }],
    });
    expect(await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolling' });
    expect(await handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'promoted' });
    for (const prefix of [EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX])
      expect((await handleOf(prefix, row).describe()).searchAttributes).toMatchObject({
        ...{ SluicePipeline: [spec.pipeline], SluiceExperiments: [row.experimentId] },
      });
    const entries = await entriesOf(row);
    expect(await looksOf(row)).toEqual(upTo((await looksOf(row)).length));
    expect(auditLedger(entries)).toMatchObject({ isEqual: true, findings: [] });
  });

  test('looks on through many histories without a gap, and no look is made twice where its answer is lost', async () => {
    const lost = new Map<string, number>();
    hooks.after = (name) => {
      const times = (lost.get(name) ?? 0) + 1;
      lost.set(name, times);
      // The work is done, and the worker that did it is gone before it could say so.
      if (times === 2 || name === 'actOnLook') throw ApplicationFailure.retryable('the answer is lost');
    };
    const row = await start(specOf('continued', { isScored: true, rollout: { approval: 'manual' } }));
    const { runId } = await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).describe();
    await untilLooks(row, 2 * LOOKS_PER_HISTORY + 1);
    expect((await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).describe()).runId).not.toBe(runId);
    await feedTo(row, { units: 150 });
    await untilState(row, 'approving');
    hooks = {};
    const entries = await entriesOf(row);
    const looks = entries.filter(({ kind }) => kind === 'look').map(({ lookNo }) => lookNo);
    expect(looks).toEqual(upTo(looks.length));
    expect(entries.filter(({ kind }) => kind === 'act')).toHaveLength(1);
    expect(lost.get('lookAtExperiment')).toBeGreaterThan(2);
    await steer(row, 'abort');
  });

  test('is rolled back as soon as its breaker wakes it', async () => {
    const row = await start(specOf('broken', { lookEveryMs: HOUR_MS }));
    await untilLooks(row, 1);
    await feedTo(row, { units: 60, failed: 60 });
    await wake(temporal, row.experimentId);
    expect(await client.followExperiment(row.experimentId, { pollMs: 20 })).toMatchObject({
      state: 'rolled_back',
      reason: 'breaker',
    });
    expect(await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolled_back' });
    expect(await looksOf(row)).toEqual([1, 2]);
    await wake(temporal, row.experimentId); // nobody is there any more
  });

  test('is rolled back while it is rolled out, in one write', async () => {
    const row = await start(specOf('harmful', { rollout: { unitsPerStep: 1_000 } }));
    await feedTo(row, { units: 150 });
    await untilState(row, 'rolling');
    await feedTo(row, { units: 60, failed: 60 });
    await wake(temporal, row.experimentId);
    await untilState(row, 'rolled_back');
    expect(await handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolled_back' });
    expect((await live.store.deployments.current('harmful-on'))!.kind).toBe('deploy');
  });
});

describe('a rollout that is started by hand', () => {
  test('begins with its steps, is deployed at their end, and says to other experiments what that means for them', async () => {
    const pipeline = 'by-hand-on';
    const others = [specOf('other', { pipeline, node: 'heard', lookEveryMs: HOUR_MS }), specOf('same', { pipeline })];
    const other = await start(others[0]!);
    const spec = specOf('by-hand', { pipeline, rollout: { unitsPerStep: 0 } });
    const request = { spec, settings: settingsOf(spec), by, why, winner: 'warm' };
    await expect(client.startRollout({ ...request, winner: 'warn' })).rejects.toMatchObject({
      code: 'variant_unknown',
      remedy: expect.stringContaining("'warm'"),
    });
    const row = await client.startRollout(request);
    expect(row).toMatchObject({ kind: 'rollout', state: 'rolling', winner: 'warm', rolloutStage: 1 });
    const same = { spec: others[1]!, settings: settingsOf(others[1]!), by, why };
    await expect(client.startExperiment(same)).rejects.toMatchObject({ code: 'experiments_overlap' });
    expect(await client.followExperiment(row.experimentId, { pollMs: 20 })).toMatchObject({
      state: 'promoted',
      ramp: 1,
    });
    expect(await handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'promoted' });
    const { deploymentNo } = (await live.store.deployments.current(pipeline))!;
    expect(await live.store.experiments.stages(other.experimentId)).toMatchObject([
      { stage: 1, deploymentNo: 1 },
      { stage: 2, deploymentNo, why: "'said' changed, which it does not edit" },
    ]);
    await steer(other, 'abort');
  });
});

describe('an experiment that is told what to do', () => {
  test('makes no look while it is paused, goes on when it is resumed, and ends when it is aborted', async () => {
    const row = await start(specOf('told'));
    await untilLooks(row, 1);
    expect(await steer(row, 'pause')).toMatchObject({ state: 'paused', reason: why });
    expect(await steer(row, 'pause')).toMatchObject({ state: 'paused' });
    const query = () => handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).query<LookOutcome>(REPORT_QUERY);
    let asked = 0;
    hooks.before = (name) => {
      asked += Number(name === 'lookAtExperiment');
    };
    await expect.poll(() => asked).toBeGreaterThan(2);
    const before = await looksOf(row);
    await expect.poll(() => asked).toBeGreaterThan(4);
    expect(await looksOf(row)).toEqual(before);
    await expect(steer(row, 'approve')).rejects.toMatchObject({ code: 'experiment_not_won' });
    expect(await steer(row, 'resume')).toMatchObject({ state: 'running' });
    await untilLooks(row, 1);
    expect(await query()).toMatchObject({ decision: 'continue', isRecorded: true });
    expect(await steer(row, 'abort')).toMatchObject({ state: 'aborted' });
    await expect(steer(row, 'resume')).rejects.toMatchObject({ code: 'experiment_ended' });
    expect(await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });

  test('with a winner waits for approval, and its rollout stays on its step while it is paused', async () => {
    const row = await start(specOf('approved', { lookEveryMs: 200, rollout: { approval: 'manual' } }));
    await feedTo(row, { units: 150 });
    await untilState(row, 'approving');
    await untilLooks(row, 1);
    expect(await rowOf(row.experimentId)).toMatchObject({ state: 'approving', winner: 'warm', ramp: 0 });
    await expect(steer(row, 'pause')).rejects.toMatchObject({ code: 'experiment_won' });
    expect(await steer(row, 'approve')).toMatchObject({ state: 'rolling', rolloutStage: 2 });
    expect(await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolling' });
    await expect.poll(async () => (await rowOf(row.experimentId)).ramp).toBe(0.5);
    expect(await steer(row, 'pause')).toMatchObject({ state: 'rolling', reason: `held: ${why}` });
    await feedTo(row, { units: 10 });
    await untilLooks(row, 2);
    expect(await placeOf(row)).toMatchObject({ step: 0, isHeld: true });
    await steer(row, 'resume');
    await expect.poll(async () => (await placeOf(row)).step).toBe(1);
    expect(await steer(row, 'abort')).toMatchObject({ state: 'aborted', ramp: 1 });
    expect(await handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });

  test('may be told by its workflow, which refuses what is no word of ours', async () => {
    const row = await start(specOf('asked'));
    const handle = handleOf(EXPERIMENT_WORKFLOW_PREFIX, row);
    const say = (action: string) => handle.executeUpdate(STEER_UPDATE, { args: [{ action, by, why }] });
    await expect(say('explode')).rejects.toMatchObject({ cause: { type: 'steer_invalid' } });
    await expect(say('approve')).rejects.toMatchObject({ cause: { type: 'experiment_not_won' } });
    expect(await say('abort')).toEqual({ state: 'aborted', isLive: false, phase: 'experiment' });
  });

  test('is aborted when its workflow is cancelled', async () => {
    const row = await start(specOf('cancelled'));
    await untilLooks(row, 1);
    await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).cancel();
    await untilState(row, 'aborted');
  });
});

describe('an experiment that Temporal has lost', () => {
  test('goes on after its last look when it is resumed, a rollout on its step', async () => {
    const row = await start(specOf('lost', { rollout: { unitsPerStep: 20 } }));
    await untilLooks(row, 2);
    await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).terminate('lost');
    await steer(row, 'resume');
    await untilLooks(row, 1);
    await feedTo(row, { units: 150 });
    await expect.poll(async () => (await rowOf(row.experimentId)).ramp).toBe(0.5);
    await handleOf(ROLLOUT_WORKFLOW_PREFIX, row).terminate('lost');
    await expect(steer(row, 'pause')).rejects.toMatchObject({ code: 'rollout_lost' });
    await steer(row, 'resume');
    await untilLooks(row, 1);
    expect(await placeOf(row)).toMatchObject({ step: 0 });
    expect(await looksOf(row)).toEqual(upTo((await looksOf(row)).length));
    await steer(row, 'abort');
  });

  test('is paused and aborted all the same', async () => {
    const row = await start(specOf('unreachable'));
    const away = {
      withDeadline: (_: number, call: () => Promise<unknown>) => call(),
      workflow: { getHandle: () => ({ signal: () => Promise.reject(new Error('nobody answers')) }) },
    } as unknown as Client;
    const told = (action: 'pause' | 'abort') => clientOf(away).steerExperiment(row.experimentId, { action, by, why });
    expect(await told('pause')).toMatchObject({ state: 'paused' });
    expect(await told('abort')).toMatchObject({ state: 'aborted' });
    expect(await handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });
});

describe('what may not start', () => {
  const request = (spec: ExperimentSpec) => ({ spec, settings: settingsOf(spec), by, why });

  test('is told why: nothing is deployed, the name is live, a variant is no other than the baseline', async () => {
    const spec = specOf('refused');
    await expect(client.startExperiment(request(spec))).rejects.toMatchObject({ code: 'not_deployed' });
    await deploy(live.store, spec.pipeline);
    const same = specOf('refused', { voice: 'plain' });
    await expect(client.startExperiment(request(same))).rejects.toMatchObject({ code: 'variant_is_baseline' });
    const { experimentId } = await client.startExperiment(request(spec));
    await expect(client.startExperiment(request(spec))).rejects.toMatchObject({
      code: 'experiment_live',
      data: { isSame: true },
    });
    await expect(client.startExperiment(request(specOf('refused', { voice: 'cold' })))).rejects.toMatchObject({
      code: 'experiment_live',
      message: expect.stringContaining('not edited'),
    });
    const other = { ...spec, name: 'another' };
    await expect(client.startExperiment(request(other))).rejects.toMatchObject({ code: 'experiments_overlap' });
    await client.steerExperiment(experimentId, { action: 'abort', by, why });
  });
});
