/** Experiments that the recorded histories hold. Outcomes are fed to the store; looks wait until all have arrived. */
import { setTimeout as delay } from 'node:timers/promises';
import { createExperimentClient, type ExperimentClient } from '../../src/client/experiment-client.ts';
import {
  EXPERIMENT_WORKFLOW_PREFIX,
  ROLLOUT_WORKFLOW_PREFIX,
  STEER_UPDATE,
  type Steer,
} from '../../src/model/experiment-messages.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import { type Asked, deploy, feed, settingsOf, specOf } from '../experiment/clock-world.ts';
import type { Scenario, Stage } from './scenarios.ts';

interface Playing {
  readonly row: ExperimentRow;
  readonly client: ExperimentClient;
  /** Resolves when it is so. */
  untilState(state: ExperimentRow['state']): Promise<void>;
  untilLooks(count: number): Promise<void>;
}

/** Longer than feeding takes. */
const GRACE_MS = 3_000;

/** Starts one, by default with a winner. */
async function startExperiment(
  { runtime: { store }, temporal, config }: Stage,
  name: string,
  {
    looksPerHistory,
    units = 150,
    ...asked
  }: Asked & { readonly looksPerHistory?: number; readonly units?: number } = {},
): Promise<Playing> {
  const client = createExperimentClient({
    ...{ temporal, store, queues: config.queues, check: async () => undefined },
    ...(looksPerHistory !== undefined && { looksPerHistory }),
  });
  const spec = specOf(name, { lookEveryMs: 200, graceMs: GRACE_MS, ...asked });
  await deploy(store, spec.pipeline);
  const row = await client.startExperiment({ spec, settings: settingsOf(spec), by: 'recorded', why: 'to record it' });
  const { experimentId } = row;
  await feed(store, row, { units });
  const follow = async (isThere: (row: ExperimentRow, looks: number) => boolean) => {
    const stop = new AbortController();
    let looks = 0;
    const check = (now: ExperimentRow) => isThere(now, looks) && stop.abort();
    await client.followExperiment(experimentId, {
      ...{ signal: stop.signal, pollMs: 20, onState: check },
      onLook(_, now) {
        looks += 1;
        check(now);
      },
    });
  };
  return {
    ...{ row, client },
    untilState: (state) => follow((now) => now.state === state),
    untilLooks: (count) => follow((_, looks) => looks >= count),
  };
}

const said = (action: Steer['action']): Steer => ({ action, by: 'recorded', why: 'to record it' });
const COMPLETED = 'workflowExecutionCompletedEventAttributes';

/** It has a winner, whose rollout it starts. */
const promoted: Scenario = {
  ends: COMPLETED,
  async play(stage) {
    const { row, untilState } = await startExperiment(stage, 'promoted', {
      isScored: true,
      rollout: { unitsPerStep: 0 },
    });
    await untilState('promoted');
    return [EXPERIMENT_WORKFLOW_PREFIX + row.experimentId];
  },
};

/** A rollout by its steps to its end, on which nothing is waited for. */
const rolledOut: Scenario = {
  ends: COMPLETED,
  async play(stage) {
    const asked = { rollout: { steps: [0.1, 0.5, 1], unitsPerStep: 0 } };
    const { row, untilState } = await startExperiment(stage, 'rolled-out', asked);
    await untilState('promoted');
    const handle = stage.temporal.workflow.getHandle(ROLLOUT_WORKFLOW_PREFIX + row.experimentId);
    await handle.result();
    return [handle.workflowId];
  },
};

const continued: Scenario = {
  ends: 'workflowExecutionContinuedAsNewEventAttributes',
  async play(stage) {
    const asked = { looksPerHistory: 3, units: 1, isScored: true } as const;
    const { row, client, untilLooks } = await startExperiment(stage, 'continued', asked);
    const workflowId = EXPERIMENT_WORKFLOW_PREFIX + row.experimentId;
    const { runId } = await stage.temporal.workflow.getHandle(workflowId).describe();
    await untilLooks(4);
    await client.steerExperiment(row.experimentId, said('abort'));
    return [workflowId, runId];
  },
};

/** Told through its workflow, and through the store, and refused once. */
const steered: Scenario = {
  ends: COMPLETED,
  async play(stage) {
    const { row, client, untilLooks } = await startExperiment(stage, 'steered', { units: 1 });
    const handle = stage.temporal.workflow.getHandle(EXPERIMENT_WORKFLOW_PREFIX + row.experimentId);
    const say = (action: Steer['action']) => handle.executeUpdate(STEER_UPDATE, { args: [said(action)] });
    await untilLooks(2);
    await say('approve').catch(() => undefined);
    await say('pause');
    await client.steerExperiment(row.experimentId, said('resume'));
    await untilLooks(3);
    await say('abort');
    await handle.result();
    return [handle.workflowId];
  },
};

/** A rollout that is held on its first step, in several histories, and aborted in the second. */
const held: Scenario = {
  ends: COMPLETED,
  async play(stage) {
    const asked = { rollout: { unitsPerStep: 0, soakMs: 1_500 }, looksPerHistory: 4 };
    const { row, client, untilState } = await startExperiment(stage, 'held', asked);
    // Its first step says that its workflow runs.
    await untilState('rolling');
    while ((await stage.runtime.store.experiments.get(row.experimentId)).ramp === 0) await delay(20);
    const handle = stage.temporal.workflow.getHandle(ROLLOUT_WORKFLOW_PREFIX + row.experimentId);
    const { runId } = await handle.describe();
    await client.steerExperiment(row.experimentId, said('pause'));
    while ((await handle.describe()).runId === runId) await delay(20);
    await client.steerExperiment(row.experimentId, said('resume'));
    await client.steerExperiment(row.experimentId, said('abort'));
    await handle.result();
    return [handle.workflowId];
  },
};

const cancelled: Scenario = {
  ends: 'workflowExecutionCanceledEventAttributes',
  async play(stage) {
    const { row, untilState, untilLooks } = await startExperiment(stage, 'cancelled', { units: 1, isScored: true });
    await untilLooks(1);
    const handle = stage.temporal.workflow.getHandle(EXPERIMENT_WORKFLOW_PREFIX + row.experimentId);
    await handle.cancel();
    await untilState('aborted');
    await handle.result().catch(() => undefined); // it says that it was cancelled
    return [handle.workflowId];
  },
};

export const EXPERIMENT_SCENARIOS = {
  'experiment-promoted': promoted,
  'experiment-continued': continued,
  'experiment-steered': steered,
  'experiment-cancelled': cancelled,
  'rollout-promoted': rolledOut,
  'rollout-held': held,
};
