/** The clocks of experiments and rollouts, through a real server: what they do by themselves, and what they are told. */
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { wake } from '../../src/client/experiment-clock.ts';
import { auditLedger } from '../../src/experiment/audit.ts';
import {
  type AnalysisOutcome,
  EXPERIMENT_WORKFLOW,
  EXPERIMENT_WORKFLOW_PREFIX,
  REPORT_QUERY,
  ROLLOUT_WORKFLOW_PREFIX,
  STEER_UPDATE,
} from '../../src/model/experiment-messages.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import { composePlan } from '../../src/plan/compose.ts';
import { planId } from '../../src/plan/id.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import { by, LOOKS_PER_HISTORY, openScene, type Scene, why } from './clock-scene.ts';
import { deploy, settingsOf, specOf } from './clock-world.ts';

let scene: Scene;
const HOUR_MS = 3_600_000;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene?.stop());
beforeEach(() => {
  scene.hooks = {};
});

describe('an experiment that is left to itself', () => {
  test('promotes its winner, rolls it out by steps that wait for units, and leaves it deployed', async () => {
    const spec = specOf('promoted');
    const row = await scene.start(spec);
    const before = await scene.store.deployments.current(spec.pipeline);
    await scene.feed(row, { units: 150 });
    await scene.untilState(row, 'rolling');
    await scene.untilRamp(row, 0.5);
    await scene.untilLooks(row, 2);
    expect(await scene.placeOf(row)).toMatchObject({ step: 0, isHeld: false });
    await scene.feed(row, { units: 10 });
    await scene.untilRamp(row, 1);
    await scene.feed(row, { units: 10 });
    const ended = await scene.client.followExperiment(row.experimentId, { pollMs: 20 });
    expect(ended).toMatchObject({ state: 'promoted', winner: 'warm', reason: 'rolled_out' });

    const base = await scene.store.plans.get(before!.planId);
    const deployed = await scene.store.deployments.current(spec.pipeline);
    expect(deployed).toMatchObject({
      planId: planId(composePlan(base, [spec.arms[1]!])),
      kind: 'promote',
      promoted: [{ experiment: row.experimentId, variant: 'warm', edits: spec.arms[1]!.edits }],
    });
    expect(await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolling' });
    expect(await scene.handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'promoted' });
    for (const prefix of [EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX])
      expect((await scene.handleOf(prefix, row).describe()).searchAttributes).toMatchObject({
        ...{ SluicePipeline: [spec.pipeline], SluiceExperiments: [row.experimentId] },
      });
    const entries = await scene.entriesOf(row);
    const looks = await scene.looksOf(row);
    expect(looks).toEqual(upTo(looks.length));
    expect(auditLedger(entries)).toMatchObject({ isEqual: true, findings: [] });
  });

  test('looks on through many histories without a gap, and no look is made twice where its answer is lost', async () => {
    const lost = new Map<string, number>();
    scene.hooks.after = (name) => {
      const times = (lost.get(name) ?? 0) + 1;
      lost.set(name, times);
      // The work is done, and the worker that did it is gone before it could say so.
      if (times === 2 || name === 'actOnLook') throw ApplicationFailure.retryable('the answer is lost');
    };
    const row = await scene.start(specOf('continued', { isScored: true, rollout: { approval: 'manual' } }));
    const { runId } = await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).describe();
    await scene.untilLooks(row, 2 * LOOKS_PER_HISTORY + 1);
    expect((await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).describe()).runId).not.toBe(runId);
    await scene.feed(row, { units: 150 });
    await scene.untilState(row, 'approving');
    scene.hooks = {};
    const entries = await scene.entriesOf(row);
    const looks = entries.filter(({ kind }) => kind === 'look').map(({ lookNo }) => lookNo);
    expect(looks).toEqual(upTo(looks.length));
    expect(entries.filter(({ kind }) => kind === 'act')).toHaveLength(1);
    expect(lost.get('lookAtExperiment')).toBeGreaterThan(2);
    await scene.steer(row, 'abort');
  });

  test('is rolled back as soon as its breaker wakes it', async () => {
    const row = await scene.start(specOf('broken', { lookEveryMs: HOUR_MS }));
    await scene.untilLooks(row, 1);
    await scene.feed(row, { units: 60, failed: 60 });
    await wake(scene.temporal, row.experimentId);
    expect(await scene.client.followExperiment(row.experimentId, { pollMs: 20 })).toMatchObject({
      state: 'rolled_back',
      reason: 'breaker',
    });
    expect(await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolled_back' });
    expect(await scene.looksOf(row)).toEqual([1, 2]);
    await wake(scene.temporal, row.experimentId); // nobody is there any more
  });

  test('is rolled back while it is rolled out, in one write', async () => {
    const row = await scene.start(specOf('harmful', { rollout: { unitsPerStep: 1_000 } }));
    await scene.feed(row, { units: 150 });
    await scene.untilState(row, 'rolling');
    await scene.feed(row, { units: 60, failed: 60 });
    await wake(scene.temporal, row.experimentId);
    await scene.untilState(row, 'rolled_back');
    expect(await scene.handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolled_back' });
    expect((await scene.store.deployments.current('harmful-on'))!.kind).toBe('deploy');
  });
});

describe('what fails for good', () => {
  const detailsOf = async (row: ExperimentRow) =>
    (
      await scene
        .handleOf(EXPERIMENT_WORKFLOW_PREFIX, row)
        .query<{ currentDetails: string }>('__temporal_workflow_metadata')
    ).currentDetails;

  test('is shown, and tried again at the next look', async () => {
    scene.hooks.before = (name) => {
      if (name === 'lookAtExperiment') throw ApplicationFailure.nonRetryable('these sums are no sums');
    };
    const row = await scene.start(specOf('mended'));
    await expect.poll(() => detailsOf(row)).toContain('tries again:** these sums are no sums');
    scene.hooks = {};
    await scene.untilLooks(row, 1);
    await expect.poll(() => detailsOf(row)).not.toContain('these sums are no sums');
    expect(await detailsOf(row)).toMatch(/^\*\*running\*\* `mended`\n.*\nLook \d/s);
    await scene.steer(row, 'abort');
  });

  test.each([
    ['experiment_unknown', { experimentId: 'nobody', lookEveryMs: 50, looksPerHistory: 3 }],
    ['experiment_unreadable', 'hello'],
  ])('ends what the store knows nothing of, and what is no experiment: %s', async (type, input) => {
    const options = { workflowId: `ends-${type}`, taskQueue: scene.queues.control, args: [input] };
    await expect(scene.temporal.workflow.execute(EXPERIMENT_WORKFLOW, options)).rejects.toMatchObject({
      cause: { type },
    });
  });
});

describe('a rollout that is started by hand', () => {
  test('begins with its steps, is deployed at their end, and says to other experiments what that means for them', async () => {
    const pipeline = 'by-hand-on';
    const others = [specOf('other', { pipeline, node: 'heard', lookEveryMs: HOUR_MS }), specOf('same', { pipeline })];
    const other = await scene.start(others[0]!);
    const spec = specOf('by-hand', { pipeline, rollout: { unitsPerStep: 0 } });
    const request = { spec, settings: settingsOf(spec), by, why, winner: 'warm' };
    await expect(scene.client.startRollout({ ...request, winner: 'warn' })).rejects.toMatchObject({
      code: 'variant_unknown',
      remedy: expect.stringContaining("'warm'"),
    });
    const row = await scene.client.startRollout(request);
    expect(row).toMatchObject({ kind: 'rollout', state: 'rolling', winner: 'warm', rolloutStage: 1 });
    const same = { spec: others[1]!, settings: settingsOf(others[1]!), by, why };
    await expect(scene.client.startExperiment(same)).rejects.toMatchObject({ code: 'experiments_overlap' });
    expect(await scene.client.followExperiment(row.experimentId, { pollMs: 20 })).toMatchObject({
      state: 'promoted',
      ramp: 1,
    });
    expect(await scene.handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'promoted' });
    const { deploymentNo } = (await scene.store.deployments.current(pipeline))!;
    expect(await scene.store.experiments.stages(other.experimentId)).toMatchObject([
      { stage: 1, deploymentNo: 1 },
      { stage: 2, deploymentNo, why: "'said' changed, which it does not edit" },
    ]);
    await scene.steer(other, 'abort');
  });
});

describe('an experiment that is told what to do', () => {
  test('makes no look while it is paused, goes on when it is resumed, and ends when it is aborted', async () => {
    const row = await scene.start(specOf('told'));
    await scene.untilLooks(row, 1);
    expect(await scene.steer(row, 'pause')).toMatchObject({ state: 'paused', reason: why });
    expect(await scene.steer(row, 'pause')).toMatchObject({ state: 'paused' });
    const query = () => scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).query<AnalysisOutcome>(REPORT_QUERY);
    let asked = 0;
    scene.hooks.before = (name) => {
      asked += Number(name === 'lookAtExperiment');
    };
    await expect.poll(() => asked).toBeGreaterThan(2);
    const before = await scene.looksOf(row);
    await expect.poll(() => asked).toBeGreaterThan(4);
    expect(await scene.looksOf(row)).toEqual(before);
    await expect(scene.steer(row, 'approve')).rejects.toMatchObject({ code: 'experiment_not_won' });
    expect(await scene.steer(row, 'resume')).toMatchObject({ state: 'running' });
    await scene.untilLooks(row, 1);
    expect(await query()).toMatchObject({ decision: 'continue', isRecorded: true });
    expect(await scene.steer(row, 'abort')).toMatchObject({ state: 'aborted' });
    await expect(scene.steer(row, 'resume')).rejects.toMatchObject({ code: 'experiment_ended' });
    expect(await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });

  test('with a winner waits for approval, and its rollout stays on its step while it is paused', async () => {
    const row = await scene.start(specOf('approved', { lookEveryMs: 200, rollout: { approval: 'manual' } }));
    await scene.feed(row, { units: 150 });
    await scene.untilState(row, 'approving');
    await scene.untilLooks(row, 1);
    expect(await scene.rowOf(row)).toMatchObject({ state: 'approving', winner: 'warm', ramp: 0 });
    await expect(scene.steer(row, 'pause')).rejects.toMatchObject({ code: 'experiment_won' });
    expect(await scene.steer(row, 'approve')).toMatchObject({ state: 'rolling', rolloutStage: 2 });
    expect(await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'rolling' });
    await scene.untilRamp(row, 0.5);
    expect(await scene.steer(row, 'pause')).toMatchObject({ state: 'rolling', reason: `held: ${why}` });
    await scene.feed(row, { units: 10 });
    await scene.untilLooks(row, 2);
    expect(await scene.placeOf(row)).toMatchObject({ step: 0, isHeld: true });
    await scene.steer(row, 'resume');
    await expect.poll(async () => (await scene.placeOf(row)).step).toBe(1);
    expect(await scene.steer(row, 'abort')).toMatchObject({ state: 'aborted', ramp: 1 });
    expect(await scene.handleOf(ROLLOUT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });

  test('may be told by its workflow, which refuses what is no word of ours', async () => {
    const row = await scene.start(specOf('asked'));
    const handle = scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row);
    const say = (action: string) => handle.executeUpdate(STEER_UPDATE, { args: [{ action, by, why }] });
    await expect(say('explode')).rejects.toMatchObject({ cause: { type: 'steer_invalid' } });
    await expect(say('approve')).rejects.toMatchObject({ cause: { type: 'experiment_not_won' } });
    expect(await say('abort')).toEqual({ state: 'aborted', isLive: false, phase: 'experiment' });
  });

  test('is aborted when its workflow is cancelled', async () => {
    const row = await scene.start(specOf('cancelled'));
    await scene.untilLooks(row, 1);
    await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).cancel();
    await scene.untilState(row, 'aborted');
  });
});

describe('an experiment that Temporal has lost', () => {
  test('goes on after its last look when it is resumed, a rollout on its step', async () => {
    const row = await scene.start(specOf('lost', { rollout: { unitsPerStep: 20 } }));
    await scene.untilLooks(row, 2);
    await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).terminate('lost');
    await scene.steer(row, 'resume');
    await scene.untilLooks(row, 1);
    await scene.feed(row, { units: 150 });
    await scene.untilRamp(row, 0.5);
    await scene.handleOf(ROLLOUT_WORKFLOW_PREFIX, row).terminate('lost');
    await expect(scene.steer(row, 'pause')).rejects.toMatchObject({ code: 'rollout_lost' });
    await scene.steer(row, 'resume');
    await scene.untilLooks(row, 1);
    expect(await scene.placeOf(row)).toMatchObject({ step: 0 });
    const looks = await scene.looksOf(row);
    expect(looks).toEqual(upTo(looks.length));
    await scene.steer(row, 'abort');
  });

  test('is paused and aborted all the same', async () => {
    const row = await scene.start(specOf('unreachable'));
    const away = {
      withDeadline: (_: number, call: () => Promise<unknown>) => call(),
      workflow: { getHandle: () => ({ signal: () => Promise.reject(new Error('nobody answers')) }) },
    } as unknown as Client;
    const told = (action: 'pause' | 'abort') =>
      scene.clientOf(away).steerExperiment(row.experimentId, { action, by, why });
    expect(await told('pause')).toMatchObject({ state: 'paused' });
    expect(await told('abort')).toMatchObject({ state: 'aborted' });
    expect(await scene.handleOf(EXPERIMENT_WORKFLOW_PREFIX, row).result()).toEqual({ state: 'aborted' });
  });
});

describe('what may not start', () => {
  const request = (spec: ExperimentSpec) => ({ spec, settings: settingsOf(spec), by, why });

  test('is told why: nothing is deployed, the name is live, a variant is no other than the baseline', async () => {
    const spec = specOf('refused');
    await expect(scene.client.startExperiment(request(spec))).rejects.toMatchObject({ code: 'not_deployed' });
    await deploy(scene.store, spec.pipeline);
    const same = specOf('refused', { voice: 'plain' });
    await expect(scene.client.startExperiment(request(same))).rejects.toMatchObject({ code: 'variant_is_baseline' });
    const { experimentId } = await scene.client.startExperiment(request(spec));
    await expect(scene.client.startExperiment(request(spec))).rejects.toMatchObject({
      code: 'experiment_live',
      data: { isSame: true },
    });
    await expect(scene.client.startExperiment(request(specOf('refused', { voice: 'cold' })))).rejects.toMatchObject({
      code: 'experiment_live',
      message: expect.stringContaining('not edited'),
    });
    const other = { ...spec, name: 'another' };
    await expect(scene.client.startExperiment(request(other))).rejects.toMatchObject({ code: 'experiments_overlap' });
    await scene.client.steerExperiment(experimentId, { action: 'abort', by, why });
  });
});
