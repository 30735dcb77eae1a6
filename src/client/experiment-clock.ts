/** Starts the workflow that an experiment needs, with the numbers of its spec; one that runs already is the one. */
import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import { isHeld } from '../experiment/steer.ts';
import { phaseOf, unitsOf } from '../experiment/take-analysis.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import {
  type Clock,
  EXPERIMENT_WORKFLOW,
  EXPERIMENT_WORKFLOW_PREFIX,
  type ExperimentInput,
  type LifecycleStatus,
  type Ramp,
  ROLLOUT_WORKFLOW,
  ROLLOUT_WORKFLOW_PREFIX,
  type RolloutInput,
  STEER_UPDATE,
  type Steer,
  type StepPlace,
  WAKE_SIGNAL,
} from '../model/experiment-messages.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { ATTRIBUTES, type FailureDetails } from '../model/run-messages.ts';
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

/** On the queue of evaluation chunks: each live experiment with scorers has one activity there. */
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
  const record = last === undefined ? undefined : (JSON.parse(last.content) as AnalysisRecord);
  const unitsThen = record?.phase === 'rollout' ? unitsOf(spec, record) : 0;
  return { at: { step, beganAt: Date.now(), unitsThen, isHeld: held } };
}

/** What is said after the store has it takes effect anyway: it is not worth a longer wait. */
const TELLING_LIMIT_MS = 5_000;
/** How long a worker has to answer: far longer than one that runs needs. */
export const ANSWER_LIMIT_MS = 15_000;

/** Makes the workflow look at what the store says now; false where Temporal does not answer, and it will see it by itself. */
export async function tell(temporal: Client, experimentId: string): Promise<boolean> {
  try {
    await temporal.withDeadline(Date.now() + TELLING_LIMIT_MS, () => wake(temporal, experimentId));
    return true;
  } catch {
    return false;
  }
}

/**
 * Says it to the rollout: how far it goes is its workflow's to hold.
 *
 * @throws SluiceError what it was refused with, such as `experiment_ended`; `rollout_lost` where there is no workflow,
 *   `experiment_unanswered` where no worker hears it, `temporal_unreachable`
 */
export async function sayToRollout(
  temporal: Client,
  experimentId: string,
  said: Steer,
  answerLimitMs: number,
): Promise<void> {
  const handle = temporal.workflow.getHandle(ROLLOUT_WORKFLOW_PREFIX + experimentId);
  const say = () =>
    temporal.withDeadline(Date.now() + answerLimitMs, () =>
      handle.executeUpdate<LifecycleStatus, [Steer]>(STEER_UPDATE, { args: [said] }),
    );
  await ridingThrough(OUTAGE_LIMIT_MS, () =>
    say().catch((error: unknown) => {
      // The server was there: it is no outage.
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw unanswered(experimentId, answerLimitMs);
      if (error instanceof WorkflowNotFoundError) throw lost(experimentId);
      throw error instanceof WorkflowUpdateFailedError ? refusalOf(error) : error;
    }),
  );
}

function refusalOf({ cause, message }: WorkflowUpdateFailedError): SluiceError {
  const failure = cause instanceof ApplicationFailure ? cause : undefined;
  const { remedy, data } = (failure?.details?.[0] ?? {}) as FailureDetails;
  return new SluiceError(failure?.type ?? 'steer_failed', {
    message: failure?.message ?? message,
    remedy: remedy ?? 'see what state it is in: sluice experiment status',
    ...(data && { data }),
  });
}

const unanswered = (experimentId: string, limitMs: number): SluiceError =>
  new SluiceError('experiment_unanswered', {
    message: `no worker has heard what was said to the rollout of ${experimentId} within ${limitMs / 1_000} s`,
    remedy: 'start one, and say it again: sluice worker (or sluice dev). To abort it needs none',
    data: { experimentId },
  });

const lost = (experimentId: string): SluiceError =>
  new SluiceError('rollout_lost', {
    message: `Temporal has no rollout of ${experimentId} under way: it stays on its step, and is not looked at`,
    remedy: `go on with it (sluice experiment resume ${experimentId}), or abort it (sluice rollout abort ${experimentId})`,
    data: { experimentId },
  });

/** Signals the workflow that runs: experiment or rollout. Does nothing if neither runs. */
export async function wake(client: Client, experimentId: string): Promise<void> {
  for (const prefix of [EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX])
    await client.workflow
      .getHandle(`${prefix}${experimentId}`)
      .signal(WAKE_SIGNAL)
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
}
