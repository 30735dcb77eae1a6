/**
 * Makes the runs that wait, a few at a time, and stores what came of each as it is done: who is killed loses what was under
 * way. A turn lasts a while at most, so that whoever asks for it has something to say now and then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RerunTurn } from '../../model/rerun-messages.ts';
import type { RerunRow } from '../../store/reruns.ts';
import { playRerun, type RerunWorker } from './play-rerun.ts';

export interface LaneOfRerun {
  readonly rerunId: string;
  readonly lane: number;
  readonly lanes: number;
}

export interface DrainTimes {
  /** No further runs are begun after this; default 1 minute. */
  readonly turnMs?: number;
  /** Between two looks for runs of a shadow; default 1 s. */
  readonly pollMs?: number;
}

const TURN_MS = 60_000;
const POLL_MS = 1_000;
/** Runs at a time, in each lane. */
const AT_ONCE = 10;

/** @throws SluiceError `rerun_unknown`, what the store throws; the signal's reason when it aborts */
export async function drain(
  worker: RerunWorker,
  { rerunId, lane, lanes }: LaneOfRerun,
  signal: AbortSignal,
  { turnMs = TURN_MS, pollMs = POLL_MS }: DrainTimes = {},
): Promise<RerunTurn> {
  const { reruns } = worker.store;
  const row = await reruns.get(rerunId);
  const until = performance.now() + turnMs;
  do {
    signal.throwIfAborted();
    const { state, runIds } = await reruns.queued(rerunId, { lane, lanes, limit: AT_ONCE });
    if (state !== 'running') return { isOver: true, isOutOfBudget: false };
    const played = await Promise.allSettled(runIds.map((runId) => playOne(worker, row, runId, signal)));
    for (const one of played) if (one.status === 'rejected') throw one.reason;
    if (played.some((one) => one.status === 'fulfilled' && one.value)) return { isOver: false, isOutOfBudget: true };
    if (runIds.length > 0) continue;
    if (row.kind === 'backtest') return { isOver: true, isOutOfBudget: false };
    await delay(pollMs, undefined, { signal });
  } while (performance.now() < until);
  return { isOver: false, isOutOfBudget: false };
}

/** Whether there is no money left; then the run still waits. */
async function playOne(worker: RerunWorker, row: RerunRow, runId: string, signal: AbortSignal): Promise<boolean> {
  const { result, isOutOfBudget } = await playRerun(worker, row, runId, signal);
  if (!isOutOfBudget) await worker.store.reruns.put(row.rerunId, [result]);
  return isOutOfBudget;
}
