/** Starts the workflow that an experiment needs, with the numbers of its spec; one that runs already is the one. */
import type { Client } from '@temporalio/client';
import { unitsOf } from '../experiment/live/outcome.ts';
import { phaseOf } from '../experiment/live/standing.ts';
import { isHeld } from '../experiment/live/steer.ts';
import {
  type Clock,
  EXPERIMENT_WORKFLOW,
  EXPERIMENT_WORKFLOW_PREFIX,
  type ExperimentInput,
  type Ramp,
  ROLLOUT_WORKFLOW,
  ROLLOUT_WORKFLOW_PREFIX,
  type RolloutInput,
  type StepPlace,
  WAKE_SIGNAL,
} from '../model/experiment-messages.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';
import { OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';

export interface ClockDependencies {
  readonly temporal: Client;
  readonly store: Pick<Store, 'ledger'>;
  readonly queues: { readonly control: string; readonly eval: string };
  /** Default: 100, which is some two thousand events. */
  readonly looksPerHistory?: number;
}

/** Beside the chunks of evaluations: each experiment with scorers has one activity for as long as it is live. */
export const scoringQueueOf = ({ eval: queue }: { readonly eval: string }): string => `${queue}-scoring`;

const LOOKS_PER_HISTORY = 100;

/**
 * Starts the experiment's workflow, or its rollout's, after the last look of the ledger, and makes it look now if it runs
 * already. Temporal may have lost it: so an experiment goes on whose workflow is gone.
 *
 * @throws SluiceError `temporal_unreachable` after two minutes
 */
export async function startClock(dependencies: ClockDependencies, row: ExperimentRow): Promise<void> {
  const { temporal, store, queues } = dependencies;
  const { experimentId, spec, pipeline } = row;
  const last = await store.ledger.lastLook(experimentId);
  const clock = clockOf(dependencies, row, last);
  const options = {
    taskQueue: queues.control,
    signal: WAKE_SIGNAL,
    searchAttributes: { [ATTRIBUTES.pipeline]: [pipeline], [ATTRIBUTES.experiments]: [experimentId] },
  };
  const names = spec.arms.map(({ name }) => name).join(', ');
  await ridingThrough(OUTAGE_LIMIT_MS, () =>
    phaseOf(row) === 'experiment'
      ? temporal.workflow.signalWithStart(EXPERIMENT_WORKFLOW, {
          ...options,
          workflowId: EXPERIMENT_WORKFLOW_PREFIX + experimentId,
          staticSummary: `${experimentId} on ${pipeline}: ${names}`,
          args: [clock] satisfies [ExperimentInput],
        })
      : temporal.workflow.signalWithStart(ROLLOUT_WORKFLOW, {
          ...options,
          workflowId: ROLLOUT_WORKFLOW_PREFIX + experimentId,
          staticSummary: `${experimentId} on ${pipeline}: ${row.winner} is rolled out`,
          args: [{ ...clock, ...placeOf(row, last) }] satisfies [RolloutInput],
        }),
  );
}

function clockOf(
  { queues, looksPerHistory = LOOKS_PER_HISTORY }: ClockDependencies,
  { experimentId, spec }: ExperimentRow,
  last: LedgerEntry | undefined,
): Clock & { readonly ramp: Ramp } {
  return {
    experimentId,
    lookEveryMs: spec.stop.lookEveryMs,
    ...(spec.scorers.length > 0 && { scoringQueue: scoringQueueOf(queues) }),
    looksPerHistory,
    lookNo: (last?.lookNo ?? 0) + 1,
    ramp: rampOf(spec),
  };
}

function rampOf({ rollout: { steps, soakMs, unitsPerStep }, metrics }: ExperimentSpec): Ramp {
  return { steps, soakMs, unitsPerStep, releaseAfterMs: Math.max(...metrics.map(({ windowMs }) => windowMs)) };
}

/** The step that a rollout is on begins anew when its workflow does: how long it has lasted is not known any more. */
function placeOf(row: ExperimentRow, last: LedgerEntry | undefined): { readonly at?: StepPlace } {
  const { ramp, spec } = row;
  const step = spec.rollout.steps.findLastIndex((part) => part <= ramp);
  const held = isHeld(row);
  if (step < 0) return held ? { at: { step, beganAt: 0, unitsThen: 0, isHeld: true } } : {};
  const record = last === undefined ? undefined : (JSON.parse(last.content) as LookRecord);
  const unitsThen = record?.phase === 'rollout' ? unitsOf(spec, record) : 0;
  return { at: { step, beganAt: Date.now(), unitsThen, isHeld: held } };
}
