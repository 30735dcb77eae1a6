/**
 * What is said to an evaluation that is under way, through its workflow. It may not have begun, may be ending, may have been
 * lost by Temporal, or have no worker that could hear: whoever steers is told which, and never waits for ever.
 */
import {
  type Client,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import { endEvaluation } from '../evaluation/begin.ts';
import { PAUSE_UPDATE, RESUME_UPDATE } from '../model/evaluate-messages.ts';
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';

/** How long a worker has to answer: far longer than one that runs needs. */
const ANSWER_LIMIT_MS = 15_000;
/** How long an evaluation that ends may take to it: cancelled chunks, and rows for what was not begun. */
const ENDING_LIMIT_MS = 120_000;
/** In which an evaluation is under way, or may be gone on with by its workflow. */
export const OPEN: ReadonlySet<EvaluationState> = new Set(['begun', 'running', 'paused']);

export interface SteerDependencies {
  readonly temporal: Client;
  readonly store: Store;
  /** Default: 15 s. */
  readonly answerLimitMs?: number;
}

/** @throws SluiceError `evaluation_not_running` also where it is ending, `evaluation_unanswered` */
export async function pause(dependencies: SteerDependencies, { evaluationId }: EvaluationRow): Promise<void> {
  if ((await ask(dependencies, evaluationId, PAUSE_UPDATE)) !== 'done') throw notRunning(evaluationId);
  // It may have ended meanwhile.
  await dependencies.store.evaluations.moveState(evaluationId, ['begun', 'running'], 'paused');
}

/**
 * Whether its workflow goes on; where it was about to end, it has, and another may be started.
 *
 * @throws SluiceError `evaluation_unanswered`, `evaluation_ending`
 */
export async function goOn(dependencies: SteerDependencies, { evaluationId }: EvaluationRow): Promise<boolean> {
  const answer = await ask(dependencies, evaluationId, RESUME_UPDATE);
  if (answer === 'ending') await untilEnded(dependencies, evaluationId);
  if (answer !== 'done') return false;
  await dependencies.store.evaluations.moveState(evaluationId, ['paused'], 'running');
  return true;
}

/** @throws SluiceError `evaluation_not_running` */
export async function cancel({ temporal, store }: SteerDependencies, { evaluationId }: EvaluationRow): Promise<void> {
  const handle = temporal.workflow.getHandle(evaluationId);
  if (await isOpen(handle)) return void (await ridingThrough(OUTAGE_LIMIT_MS, () => handle.cancel()));
  const { state } = await store.evaluations.get(evaluationId);
  if (!OPEN.has(state)) throw notRunning(evaluationId);
  // Temporal has lost it, or somebody has terminated it there: nobody else will end it.
  await endEvaluation(store, { evaluationId, how: 'cancelled', error: null });
}

/** Asked beforehand: to cancel what has ended is no error to Temporal. */
async function isOpen(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await ridingThrough(OUTAGE_LIMIT_MS, () => handle.describe())).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

type Answer = 'done' | 'ending' | 'none';

/** Says one of the updates to its workflow; `none`: there is no workflow to hear it. */
async function ask(
  { temporal, answerLimitMs = ANSWER_LIMIT_MS }: SteerDependencies,
  evaluationId: string,
  update: typeof PAUSE_UPDATE | typeof RESUME_UPDATE,
): Promise<Answer> {
  const handle = temporal.workflow.getHandle(evaluationId);
  const say = () => temporal.withDeadline(Date.now() + answerLimitMs, () => handle.executeUpdate<boolean, []>(update));
  try {
    const isHeeded = await ridingThrough(OUTAGE_LIMIT_MS, () =>
      say().catch((error: unknown) => {
        // The server was there: it is no outage.
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw unanswered(evaluationId, answerLimitMs);
        throw error;
      }),
    );
    return isHeeded ? 'done' : 'ending';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  }
}

/** @throws SluiceError `evaluation_ending` */
async function untilEnded({ temporal }: SteerDependencies, evaluationId: string): Promise<void> {
  const late = AbortSignal.timeout(ENDING_LIMIT_MS);
  const handle: WorkflowHandle = temporal.workflow.getHandle(evaluationId);
  try {
    await ridingThrough(OUTAGE_LIMIT_MS, () => temporal.withAbortSignal(late, () => handle.result()));
  } catch (error) {
    // However it has ended; Temporal may even have lost it.
    if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError) return;
    if (!late.aborted) throw error;
    throw new SluiceError('evaluation_ending', {
      message: `${evaluationId} has not ended after ${ENDING_LIMIT_MS / 1_000} s`,
      remedy: `see that a worker runs, and go on with it when it has ended: sluice eval resume ${evaluationId}`,
      data: { evaluationId },
    });
  }
}

const unanswered = (evaluationId: string, limitMs: number): SluiceError =>
  new SluiceError('evaluation_unanswered', {
    message: `no worker has heard what was said to ${evaluationId} within ${limitMs / 1_000} s`,
    remedy: 'start one, and say it again: sluice worker (or sluice dev)',
    data: { evaluationId },
  });

const notRunning = (evaluationId: string): SluiceError =>
  new SluiceError('evaluation_not_running', {
    message: `${evaluationId} is not under way`,
    remedy: `see what became of it: sluice eval status ${evaluationId}`,
    data: { evaluationId },
  });
