/**
 * What the workflows of experiments and of rollouts share: when to look, what to do with what is seen, and whom to listen
 * to. The store has the state, and every look reads it: nothing that was said in between can be missed for longer than
 * until the next one. What fails here does not end a workflow: what is live must not be left without its looks.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type Clock,
  type LookOutcome,
  type Phase,
  REPORT_QUERY,
  STEER_ACTIONS,
  STEER_UPDATE,
  type Standing,
  type Steer,
  WAKE_SIGNAL,
} from '../src/model/experiment-messages.ts';
import { activities } from './experiment-beside.ts';

/** However often it is woken, looks are so far apart at least: each writes to the ledger. */
const LEAST_GAP_MS = 1_000;
/** An error in the Temporal UI needs no more. */
const SHOWN_CHARACTERS = 2_000;
/** The store has been replaced: there is nothing to look at, and never will be. */
const UNKNOWN = 'experiment_unknown';

export interface Looking {
  /** The last look; undefined before the first. */
  readonly last: LookOutcome | undefined;
  /** Whether this history holds enough: the workflow is to go on in another, with `carried`. */
  isLong(): boolean;
  /** Resolves when nobody waits for an answer of this history any more. */
  untilAnswered(): Promise<void>;
  carried(): Pick<Clock, 'lookNo' | 'isWoken' | 'last'>;
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
  readonly headline: (last: LookOutcome | undefined) => string;
  /** Told what was said, once the store has it. */
  readonly onSteer?: (action: Steer['action']) => void;
}

export function startLooking(clock: Clock, phase: Phase, { headline, onSteer }: Listening): Looking {
  const { experimentId, lookEveryMs, looksPerHistory } = clock;
  const gapMs = Math.min(LEAST_GAP_MS, lookEveryMs);
  const state = {
    lookNo: clock.lookNo ?? 1,
    last: clock.last,
    isWoken: clock.isWoken ?? false,
    lookedAt: 0,
    looks: 0,
    trouble: '',
  };
  const show = () =>
    setCurrentDetails([headline(state.last), state.trouble, state.last?.details].filter(Boolean).join('\n\n'));
  listen(experimentId, state, (action) => {
    onSteer?.(action);
    show();
  });

  async function untilTime(): Promise<void> {
    await condition(() => state.isWoken, lookEveryMs);
    const since = Date.now() - state.lookedAt;
    if (since < gapMs) await sleep(gapMs - since);
    Object.assign(state, { isWoken: false, lookedAt: Date.now(), looks: state.looks + 1 });
  }
  async function trying<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await act();
      state.trouble = '';
      return result;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      const said = saidIn(error);
      if (said?.type === UNKNOWN) throw plainly(said);
      const message = (said ?? error).message.slice(0, SHOWN_CHARACTERS);
      state.trouble = `**It could not go on, and tries again:** ${message}`;
      return undefined;
    } finally {
      show();
    }
  }

  show();
  return {
    get last() {
      return state.last;
    },
    isLong: () => state.looks >= looksPerHistory || workflowInfo().continueAsNewSuggested,
    untilAnswered: () => condition(allHandlersFinished),
    carried: () => ({
      ...{ lookNo: state.lookNo, isWoken: state.isWoken },
      ...(state.last !== undefined && { last: state.last }),
    }),
    trying,
    async next() {
      await untilTime();
      const { lookNo } = state;
      return trying(async () => {
        const options = { summary: `look ${lookNo}` };
        const outcome = await activities.lookAtExperiment.executeWithOptions(options, [
          { experimentId, lookNo, phase },
        ]);
        if (!outcome.isRecorded) return outcome;
        Object.assign(state, { last: outcome, lookNo: lookNo + 1 });
        const { decision, reason, arm, stops } = outcome;
        if (decision === 'continue' && stops.length === 0) return outcome;
        show();
        return activities.actOnLook({ experimentId, lookNo, decision, reason, arm, stops });
      });
    },
  };
}

interface Heard {
  isWoken: boolean;
  readonly last: LookOutcome | undefined;
}

function listen(experimentId: string, state: Heard, onSteer: (action: Steer['action']) => void): void {
  setHandler(defineSignal(WAKE_SIGNAL), () => {
    state.isWoken = true;
  });
  setHandler(defineQuery<LookOutcome | null>(REPORT_QUERY), () => state.last ?? null);
  setHandler(
    defineUpdate<Standing, [Steer]>(STEER_UPDATE),
    async ({ action, by, why }) => {
      const standing = await activities
        .steerExperiment({ experimentId, action, by, why })
        .catch((error: unknown): never => {
          const said = saidIn(error);
          throw said === undefined ? error : plainly(said);
        });
      state.isWoken = true;
      onSteer(action);
      return standing;
    },
    { validator: refuseOthers },
  );
}

function refuseOthers(steer: Partial<Steer> | null | undefined): void {
  const { action, by, why } = steer ?? {};
  if (STEER_ACTIONS.some((known) => known === action) && typeof by === 'string' && typeof why === 'string') return;
  throw ApplicationFailure.nonRetryable(
    `steer takes { action: ${STEER_ACTIONS.join(' | ')}, by, why }, and not ${JSON.stringify(steer)?.slice(0, 200)}`,
    'steer_invalid',
  );
}

/** What the worker said, without the layers that Temporal wraps around it. */
function saidIn(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

const plainly = ({ message, type, details }: ApplicationFailure): ApplicationFailure =>
  ApplicationFailure.create({ message, type: type ?? 'Error', nonRetryable: true, ...(details && { details }) });
