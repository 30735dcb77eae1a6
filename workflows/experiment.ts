/**
 * An experiment on live traffic: sleeps, runs an interim analysis, and applies its decision, until the experiment ends or
 * there is a winner to roll out. Requests never pass through here, and nothing is decided here: an analysis is an activity,
 * its decision is in the ledger, and this workflow branches on the recorded decision.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AnalysisOutcome,
  type Clock,
  type ExperimentActivities,
  type ExperimentInput,
  type LifecycleStatus,
  type Phase,
  REPORT_QUERY,
  ROLLOUT_WORKFLOW,
  ROLLOUT_WORKFLOW_PREFIX,
  type RolloutInput,
  type ScoringActivities,
  STEER_ACTIONS,
  STEER_UPDATE,
  STEP_QUERY,
  type Steer,
  type StepPlace,
  WAKE_SIGNAL,
} from '../src/model/experiment-messages.ts';

export async function experiment(input: ExperimentInput): Promise<{ readonly state: string }> {
  checkClock(input);
  const { experimentId } = input;
  let state = input.last?.state ?? 'running';
  const analyses = startAnalysisLoop(input, 'experiment', { headline: () => `**${state}** \`${experimentId}\`` });
  return live(input, async () => {
    while (!analyses.isLong()) {
      const status = await analyses.next();
      state = status?.state ?? state;
      if (status === undefined || (status.isLive && status.phase === 'experiment')) continue;
      if (status.isLive) await startRollout({ ...input, ...analyses.carried() });
      await analyses.untilAnswered();
      return { state };
    }
    await analyses.untilAnswered();
    return continueAsNew<typeof experiment>({ ...input, ...analyses.carried() });
  });
}

/** It goes on without this workflow; one that has been started already, by a client or before a crash, is the one. */
async function startRollout({ last: _, ...clock }: RolloutInput): Promise<void> {
  const { experimentId } = clock;
  try {
    await startChild(ROLLOUT_WORKFLOW, {
      workflowId: ROLLOUT_WORKFLOW_PREFIX + experimentId,
      args: [clock],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: workflowInfo().typedSearchAttributes,
      staticSummary: `${experimentId}: its winner is rolled out`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

// What the workflows of experiments and rollouts share: the schedule of analyses, the application of decisions, and the
// handlers of messages. The store has the state, and every analysis reads it: an action in between takes effect at the
// latest with the next one. An error does not end the workflow: a live experiment needs its analyses.

/** Least time between analyses, however often the workflow is woken: each writes to the ledger. */
const LEAST_GAP_MS = 1_000;
/** An error in the Temporal UI needs no more. */
const SHOWN_CHARACTERS = 2_000;
/** The store has been replaced: the experiment no longer exists. */
const UNKNOWN = 'experiment_unknown';

export interface AnalysisLoop {
  /** The last analysis; undefined before the first. */
  readonly last: AnalysisOutcome | undefined;
  /** Whether this history holds enough: the workflow is to go on in another, with `carried`. */
  isLong(): boolean;
  /** Resolves when nobody waits for an answer of this history any more. */
  untilAnswered(): Promise<void>;
  carried(): Pick<Clock, 'lookNo' | 'isWoken' | 'last'>;
  /**
   * Waits for the next analysis, runs it, and applies its decision. Returns the state in the store; undefined if that could
   * not be read, until the next analysis.
   */
  next(): Promise<LifecycleStatus | undefined>;
  /** Gives what `act` gives; undefined where it failed for good, which is shown. */
  trying<T>(act: () => Promise<T>): Promise<T | undefined>;
}

export interface Listening {
  /** The line above the analysis's own lines in the Temporal UI. */
  readonly headline: (last: AnalysisOutcome | undefined) => string;
  /** Called with the action, once the store has it. */
  readonly onSteer?: (action: Steer['action']) => void;
}

function startAnalysisLoop(clock: Clock, phase: Phase, { headline, onSteer }: Listening): AnalysisLoop {
  const { experimentId, lookEveryMs, looksPerHistory } = clock;
  const gapMs = Math.min(LEAST_GAP_MS, lookEveryMs);
  const state = {
    lookNo: clock.lookNo ?? 1,
    last: clock.last,
    isWoken: clock.isWoken ?? false,
    analysedAt: 0,
    looks: 0,
    failure: '',
  };
  const show = () =>
    setCurrentDetails([headline(state.last), state.failure, state.last?.details].filter(Boolean).join('\n\n'));
  listen(experimentId, state, (action) => {
    onSteer?.(action);
    show();
  });

  async function untilTime(): Promise<void> {
    await condition(() => state.isWoken, lookEveryMs);
    const since = Date.now() - state.analysedAt;
    if (since < gapMs) await sleep(gapMs - since);
    Object.assign(state, { isWoken: false, analysedAt: Date.now(), looks: state.looks + 1 });
  }
  async function trying<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await act();
      state.failure = '';
      return result;
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      const said = saidIn(error);
      if (said?.type === UNKNOWN) throw plainly(said);
      const message = (said ?? error).message.slice(0, SHOWN_CHARACTERS);
      state.failure = `**It could not go on, and tries again:** ${message}`;
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
  readonly last: AnalysisOutcome | undefined;
}

function listen(experimentId: string, state: Heard, onSteer: (action: Steer['action']) => void): void {
  setHandler(defineSignal(WAKE_SIGNAL), () => {
    state.isWoken = true;
  });
  setHandler(defineQuery<AnalysisOutcome | null>(REPORT_QUERY), () => state.last ?? null);
  setHandler(
    defineUpdate<LifecycleStatus, [Steer]>(STEER_UPDATE),
    async ({ action, by, why }) => {
      const status = await activities
        .steerExperiment({ experimentId, action, by, why })
        .catch((error: unknown): never => {
          const said = saidIn(error);
          throw said === undefined ? error : plainly(said);
        });
      state.isWoken = true;
      onSteer(action);
      return status;
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

/** Tried for as long as it takes: an outage, or a time without workers, is waited for. */
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

const activities = proxyActivities<ExperimentActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '6 seconds',
  // A rollback does not queue behind ingests.
  priority: { priorityKey: 1 },
  retry,
});

/**
 * The whole of an experiment's or a rollout's workflow: sampled runs are scored in parallel to `work`. If somebody
 * cancels the workflow, the experiment is aborted: the safe meaning of that is the baseline for everybody.
 */
async function live<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const { experimentId } = clock;
  try {
    return await whileScoring(clock, work);
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

async function whileScoring<T>({ experimentId, lookEveryMs, scoringQueue }: Clock, work: () => Promise<T>): Promise<T> {
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

/** Something else may have been sent past our client: that fails at once, where it would else be tried for ever. */
function checkClock(clock: Partial<Clock> | null | undefined): void {
  const { experimentId, lookEveryMs, looksPerHistory } = clock ?? {};
  if (typeof experimentId === 'string' && isAbove0(lookEveryMs) && isAbove0(looksPerHistory)) return;
  throw ApplicationFailure.nonRetryable(
    'the input is no experiment: it needs experimentId, lookEveryMs and looksPerHistory',
    'experiment_unreadable',
  );
}

const isAbove0 = (value: unknown): boolean => typeof value === 'number' && value > 0;

// A rollout: more and more of the traffic outside the experiment's share gets the winner, while the share stays split and is
// looked at for harm. It takes each step when that has lasted, and enough units have matured in it; harm ends it in the
// store, at once and for everybody, even if this workflow ends.

type Place = { -readonly [Key in keyof StepPlace]: StepPlace[Key] };

export async function rollout(input: RolloutInput): Promise<{ readonly state: string }> {
  checkClock(input);
  const { experimentId } = input;
  const place: Place = { ...(input.at ?? { step: -1, beganAt: 0, unitsThen: 0, isHeld: false }) };
  setHandler(defineQuery<StepPlace>(STEP_QUERY), () => place);
  let state = 'rolling';
  const analyses = startAnalysisLoop(input, 'rollout', {
    headline: (last) => `**${state}** \`${experimentId}\` · ${describe(input, place, last?.units)}`,
    onSteer(action) {
      if (action === 'pause' || action === 'resume') place.isHeld = action === 'pause';
    },
  });
  return live(input, async () => {
    // The first step is taken at once.
    if (place.step < 0 && !place.isHeld) await goOn(input, place, analyses);
    while (!analyses.isLong()) {
      let status = await analyses.next();
      if (status?.state === 'rolling' && !place.isHeld && isOver(input, place, analyses))
        status = await goOn(input, place, analyses);
      state = status?.state ?? state;
      if (status === undefined || status.isLive) continue;
      await analyses.untilAnswered();
      return { state };
    }
    await analyses.untilAnswered();
    return continueAsNew<typeof rollout>({ ...input, ...analyses.carried(), at: place });
  });
}

/** Whether a step has lasted, and enough units have matured in it. The last one lasts until the share may be released. */
function isOver({ ramp }: RolloutInput, { step, beganAt, unitsThen }: Place, { last }: AnalysisLoop): boolean {
  if (step < 0 || last === undefined) return step < 0;
  const leastMs = step < ramp.steps.length - 1 ? ramp.soakMs : Math.max(ramp.soakMs, ramp.releaseAfterMs);
  return Date.now() - beganAt >= leastMs && last.units - unitsThen >= ramp.unitsPerStep;
}

/** Takes the next step; after the last one, the winner becomes what is deployed. */
async function goOn(
  { experimentId, ramp: { steps } }: RolloutInput,
  place: Place,
  analyses: AnalysisLoop,
): Promise<LifecycleStatus | undefined> {
  const next = place.step + 1;
  if (next >= steps.length) return analyses.trying(() => activities.finishRollout({ experimentId }));
  return analyses.trying(async () => {
    const status = await activities.rampRollout({ experimentId, ramp: steps[next]! });
    if (status.state === 'rolling')
      Object.assign(place, { step: next, beganAt: Date.now(), unitsThen: analyses.last?.units ?? 0 });
    return status;
  });
}

const WHOLE = 100;

/** With what a step waits for: where hardly anybody is new, that may be units. */
function describe(
  { ramp: { steps, unitsPerStep } }: RolloutInput,
  { step, isHeld, unitsThen }: Place,
  units = unitsThen,
): string {
  if (step < 0) return 'before its first step';
  const part = `${Number((steps[step]! * WHOLE).toPrecision(3))} %`;
  const place = `step ${step + 1} of ${steps.length}: ${part} of the traffic outside the share`;
  if (isHeld) return `${place}, held there`;
  return `${place}, ${Math.max(0, units - unitsThen)} of ${unitsPerStep} more units`;
}
