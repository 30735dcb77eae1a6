/**
 * What the workflows of experiments and of rollouts share: when to look, what to do with what is seen, and whom to listen
 * to. The store has the state, and every look reads it: nothing that was said in between can be missed for longer than
 * until the next one. Nothing that fails here ends a workflow: what is live must not be left without its looks.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import {
  type Clock,
  type ExperimentActivities,
  type LookOutcome,
  type Phase,
  REPORT_QUERY,
  type ScoringActivities,
  STEER_ACTIONS,
  STEER_UPDATE,
  type Standing,
  type Steer,
  WAKE_SIGNAL,
} from './experiment-messages.ts';

/** However often it is woken, looks are so far apart at least: each writes to the ledger. */
const LEAST_GAP_MS = 1_000;
/** An error in the Temporal UI needs no more. */
const SHOWN_CHARACTERS = 2_000;

/** Tried for as long as it takes: an outage, or a time without workers, is waited for. */
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

export const activities = proxyActivities<ExperimentActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '6 seconds',
  // A rollback does not queue behind ingests.
  priority: { priorityKey: 1 },
  retry,
});

export interface Looking {
  /** The next look's number. */
  readonly lookNo: number;
  readonly isWoken: boolean;
  /** The last one that was made in this history. */
  readonly last: LookOutcome | undefined;
  /**
   * Waits until it is time, looks, and does what was decided. Gives what the store then says; undefined where that could
   * not be found out, which the next look may.
   */
  next(): Promise<Standing | undefined>;
  /** Gives what `act` gives; undefined where it failed for good, which is shown. */
  trying<T>(act: () => Promise<T>): Promise<T | undefined>;
}

export interface Listening {
  /** What stands above the look's own lines in the Temporal UI. */
  readonly headline: () => string;
  /** Told what was said, once the store has it. */
  readonly onSteer?: (action: Steer['action']) => void;
}

export function startLooking(clock: Clock, phase: Phase, { headline, onSteer }: Listening): Looking {
  const { experimentId, lookEveryMs } = clock;
  const gapMs = Math.min(LEAST_GAP_MS, lookEveryMs);
  const state = { lookNo: clock.lookNo ?? 1, isWoken: clock.isWoken ?? false, lookedAt: 0, trouble: '' };
  let last: LookOutcome | undefined;
  const show = () => setCurrentDetails([headline(), state.trouble, last?.details].filter(Boolean).join('\n\n'));

  setHandler(defineSignal(WAKE_SIGNAL), () => {
    state.isWoken = true;
  });
  setHandler(defineQuery<LookOutcome | null>(REPORT_QUERY), () => last ?? null);
  setHandler(
    defineUpdate<Standing, [Steer]>(STEER_UPDATE),
    async ({ action, by, why }) => {
      const standing = await activities.steerExperiment({ experimentId, action, by, why }).catch(explain);
      onSteer?.(action);
      state.isWoken = true;
      show();
      return standing;
    },
    { validator: refuseOthers },
  );

  async function untilTime(): Promise<void> {
    await condition(() => state.isWoken, lookEveryMs);
    const since = Date.now() - state.lookedAt;
    if (since < gapMs) await sleep(gapMs - since);
    state.isWoken = false;
    state.lookedAt = Date.now();
  }
  async function trying<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await act();
      state.trouble = '';
      return result;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      state.trouble = `**It could not go on, and tries again:** ${messageOf(error).slice(0, SHOWN_CHARACTERS)}`;
      return undefined;
    } finally {
      show();
    }
  }

  show();
  return {
    get lookNo() {
      return state.lookNo;
    },
    get isWoken() {
      return state.isWoken;
    },
    get last() {
      return last;
    },
    trying,
    async next() {
      await untilTime();
      const { lookNo } = state;
      return trying(async () => {
        const outcome = await activities.lookAtExperiment({ experimentId, lookNo, phase });
        if (!outcome.isRecorded) return outcome;
        last = outcome;
        state.lookNo += 1;
        const { decision, reason, arm, stops } = outcome;
        if (decision === 'continue' && stops.length === 0) return outcome;
        show();
        return activities.actOnLook({ experimentId, lookNo, decision, reason, arm, stops });
      });
    },
  };
}

/** Does `work` while sampled runs are scored beside it, where they are. */
export async function whileScoring<T>(
  { experimentId, lookEveryMs, scoringQueue }: Clock,
  work: () => Promise<T>,
): Promise<T> {
  if (scoringQueue === undefined) return work();
  const { scoreRuns } = proxyActivities<ScoringActivities>({
    taskQueue: scoringQueue,
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '30 seconds',
    retry,
  });
  const scope = new CancellationScope();
  const scoring = scope.run(async () => {
    for (;;) {
      await scoreRuns({ experimentId }).catch((error: unknown) => {
        if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      });
      await sleep(lookEveryMs);
    }
  });
  const ended = scoring.catch(() => undefined); // it ends by being cancelled
  try {
    return await work();
  } finally {
    scope.cancel();
    await ended;
  }
}

/** Somebody has cancelled the workflow: the safe meaning of that is the baseline for everybody. */
export async function abortedWhenCancelled<T>(experimentId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(
      () =>
        activities
          .steerExperiment({ experimentId, action: 'abort', by: 'temporal', why: 'its workflow was cancelled' })
          .catch(() => undefined), // it had ended
    );
    throw error;
  }
}

function refuseOthers(steer: Partial<Steer> | null | undefined): void {
  const { action, by, why } = steer ?? {};
  if (STEER_ACTIONS.some((known) => known === action) && typeof by === 'string' && typeof why === 'string') return;
  throw ApplicationFailure.nonRetryable(
    `steer takes { action: ${STEER_ACTIONS.join(' | ')}, by, why }, and not ${JSON.stringify(steer)?.slice(0, 200)}`,
    'steer_invalid',
  );
}

const messageOf = ({ cause, message }: ActivityFailure): string => cause?.message ?? message;

/** What the worker said, without the layers that Temporal wraps around it. */
function explain(error: unknown): never {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) throw error;
  const { message, type, details } = cause;
  throw ApplicationFailure.create({ message, type: type ?? 'Error', nonRetryable: true, ...(details && { details }) });
}
