/**
 * An evaluation: chunks of examples, a few at a time, each an activity that may be repeated, until all are done. Only counts
 * and sums pass through here; the store has the results. A long one goes on in a new history before its own gets long.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import {
  addTallies,
  type BegunEvaluation,
  type ChunkResult,
  EVALUATION_PROGRESS,
  type EvaluateActivities,
  type EvaluateInput,
  type EvaluateProgress,
  type EvaluationEnd,
  emptyTally,
  PAUSE_UPDATE,
  RESUME_UPDATE,
} from '../src/model/evaluate-messages.ts';
import type { FailureData } from '../src/model/run-messages.ts';

/** Chunks asked for at once where the client does not say: what executions expect that began when it did not. */
const IN_FLIGHT = 20;
/** Chunks of one history: each adds some six events, and 4,096 are when Temporal calls a history long. */
const CHUNKS_PER_HISTORY = 500;

/** Outlasts an outage of the database, or a rollout in which no worker has the code that was pinned, of about ten minutes. */
const retry = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
  maximumAttempts: 25,
} as const;

/** Evaluations have a queue of their own: serving does not wait for them. */
function activitiesOn(taskQueue: string): EvaluateActivities {
  // Cancelled ones are waited for, too: what goes on behind the back of the end would write after it.
  const cancellationType = 'WAIT_CANCELLATION_COMPLETED';
  const { beginEvaluation, endEvaluation } = proxyActivities<EvaluateActivities>({
    taskQueue,
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '15 seconds',
    cancellationType,
    retry,
  });
  // Long, and watched by its beats. What waits for a worker waits as long as it takes.
  const { evaluateChunk } = proxyActivities<EvaluateActivities>({
    taskQueue,
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: '6 seconds',
    cancellationType,
    retry,
  });
  return { beginEvaluation, evaluateChunk, endEvaluation };
}

export async function evaluate(input: EvaluateInput): Promise<{ readonly state: string }> {
  const { evaluationId, queue, chunksPerHistory = CHUNKS_PER_HISTORY, chunksAtOnce = IN_FLIGHT } = input;
  const { beginEvaluation, evaluateChunk, endEvaluation } = activitiesOn(queue);
  const state = createState(input);
  const end = (how: EvaluationEnd, error: FailureData | null) => {
    state.show({ phase: 'ending', isEnding: true });
    return CancellationScope.nonCancellable(() => endEvaluation({ evaluationId, how, error }));
  };
  try {
    const begun = input.resumedAt?.begun ?? (await beginEvaluation(input));
    state.show({ phase: 'running', begun });
    const last = Math.min(begun.chunks, state.next + chunksPerHistory);
    await runChunks({ last, atOnce: chunksAtOnce }, state, (chunk) =>
      evaluateChunk({ evaluationId, chunk, of: begun.chunks }),
    );
    if (state.next < begun.chunks && !state.tally.isOutOfBudget) {
      const { next, tally, isPaused } = state;
      return await continueAsNew<typeof evaluate>({ ...input, resumedAt: { begun, next, tally, isPaused } });
    }
    return await end(state.tally.isOutOfBudget ? 'stopped' : 'done', null);
  } catch (error) {
    // A chunk may fail of the cancellation, or be lost in it: that is no other end.
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      await end('cancelled', null);
      throw isCancellation(error) ? error : new CancelledFailure('cancelled', [], error as Error);
    }
    if (!(error instanceof ActivityFailure)) throw error;
    const { data, failure } = explain(error);
    await end('failed', data);
    throw failure;
  } finally {
    state.show({ phase: 'ended' });
  }
}

interface State {
  phase: EvaluateProgress['phase'];
  begun: BegunEvaluation | undefined;
  /** The first chunk that was not begun. */
  next: number;
  chunksDone: number;
  tally: ChunkResult;
  isPaused: boolean;
  /** Nothing that is said changes anything any more. */
  isEnding: boolean;
  show(change: Partial<State>): void;
}

/** With everything that shows it: a query, the Temporal UI, and the updates that pause it. */
function createState({ evaluationId, resumedAt }: EvaluateInput): State {
  const state: State = {
    phase: 'beginning',
    begun: resumedAt?.begun,
    next: resumedAt?.next ?? 0,
    chunksDone: resumedAt?.next ?? 0,
    tally: resumedAt?.tally ?? emptyTally(),
    isPaused: resumedAt?.isPaused ?? false,
    isEnding: false,
    show(change) {
      Object.assign(state, change);
      setCurrentDetails(describeEvaluation(evaluationId, progressOf(state), state.begun));
    },
  };
  setHandler(defineQuery<EvaluateProgress>(EVALUATION_PROGRESS), () => progressOf(state));
  const setPaused = (isPaused: boolean) => {
    if (!state.isEnding) state.show({ isPaused });
    return !state.isEnding;
  };
  setHandler(defineUpdate<boolean>(PAUSE_UPDATE), () => setPaused(true));
  setHandler(defineUpdate<boolean>(RESUME_UPDATE), () => setPaused(false));
  CancellationScope.current().cancelRequested.catch(() => state.show({ isEnding: true }));
  state.show({});
  return state;
}

const progressOf = ({ phase, begun, chunksDone, tally, isPaused }: State): EvaluateProgress => ({
  ...tally,
  phase: isPaused && phase === 'running' ? 'paused' : phase,
  chunks: begun?.chunks ?? 0,
  chunksDone,
});

/** Chunks up to the last of this history, unless the money is used up before. The first failure stops the others. */
async function runChunks(
  { last, atOnce }: { readonly last: number; readonly atOnce: number },
  state: State,
  run: (chunk: number) => Promise<ChunkResult>,
): Promise<void> {
  const lane = async () => {
    while (state.next < last && !state.tally.isOutOfBudget) {
      if (state.isPaused) await condition(() => !state.isPaused);
      if (state.next >= last) return;
      const result = await run(state.next++);
      state.show({ tally: addTallies(state.tally, result), chunksDone: state.chunksDone + 1 });
    }
  };
  await CancellationScope.cancellable(async () => {
    const lanes = Array.from({ length: Math.min(atOnce, last - state.next) }, lane);
    try {
      await Promise.all(lanes);
    } catch (error) {
      CancellationScope.current().cancel();
      // What is under way writes rows: the end comes after it.
      await Promise.allSettled(lanes);
      throw error;
    }
  });
}

/** What the worker said, without the layers that Temporal wraps around it. */
function explain(error: ActivityFailure): { readonly data: FailureData; readonly failure: Error } {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure))
    return { data: { code: 'evaluation_failed', message: String(cause ?? error) }, failure: error };
  const { message, type, details } = cause;
  const code = type ?? 'Error';
  const failure = ApplicationFailure.create({ message, type: code, nonRetryable: true, ...(details && { details }) });
  return { data: { code, message }, failure };
}

/** Metrics in the table: a reader of it wants the first few. */
const SHOWN_METRICS = 12;

function describeEvaluation(
  evaluationId: string,
  { phase, chunks, chunksDone, rows, cells, calls, sums }: EvaluateProgress,
  begun: BegunEvaluation | undefined,
): string {
  const lines = [
    `**${phase}** \`${evaluationId}\``,
    `${chunksDone} of ${chunks} chunks · ${rows} runs · ${cells.done} scores, ${cells.failed} failed, ${cells.missing} missing · ${calls.made} calls made, ${calls.shared} shared`,
  ];
  if (begun && sums.length > 0) lines.push(tableOf(begun, sums));
  return lines.join('\n\n');
}

function tableOf({ metrics, variants }: BegunEvaluation, sums: EvaluateProgress['sums']): string {
  const cell = ([n, sum]: readonly [n: number, sum: number] = [0, 0]) =>
    n === 0 ? '–' : `${Number((sum / n).toPrecision(3))}`;
  const rows = metrics
    .slice(0, SHOWN_METRICS)
    .map(
      (metric, place) => `| ${[metric, ...variants.map((_, variant) => cell(sums[place]?.[variant]))].join(' | ')} |`,
    );
  const more = metrics.length - SHOWN_METRICS;
  return [
    `| so far | ${variants.join(' | ')} |`,
    `|---|${variants.map(() => '---:').join('|')}|`,
    ...rows,
    ...(more > 0 ? [`\nand ${more} more metrics`] : []),
  ].join('\n');
}
