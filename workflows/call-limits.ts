/**
 * What one run may ask of Temporal, in numbers, so that no plan can come to a limit of the server's: a workflow task that
 * sends too much is refused whole, and a history that grows too long is terminated, both without a word to the caller.
 * Calls beyond what may be under way wait their turn, in order; calls beyond what a history can hold fail, typed.
 */
import { CancellationScope, sleep, workflowInfo } from '@temporalio/workflow';
import type { Lane } from '../src/plan/plan.ts';

/** A call is six events of history, seven if it is cancelled; 51,200 end a workflow. */
const CALLS_PER_RUN = 7_000;
/** What goes into calls and comes out of them; a history of 50 MiB ends a workflow. */
const BYTES_PER_RUN = 35_000_000;
/** Temporal takes 2,000. More than a worker runs at once, so that nothing is slower for it. */
const CALLS_AT_ONCE = 200;
/** Local calls compute, and a process computes one thing at a time; what they give leaves with the task, all together. */
const LOCAL_CALLS_AT_ONCE = 4;
/** What one workflow task may send: gRPC takes 4 MiB, with the run's answer and the local results that come together. */
const BYTES_PER_TASK = 1_500_000;

export interface CallLimits {
  /** Whether the call may begin: at once, in its turn, or not at all, since its signal aborted while it waited. */
  enter(lane: Lane, bytes: number, signal: AbortSignal): true | Promise<boolean>;
  /** A call that began has ended, with so many bytes. */
  leave(lane: Lane, bytes: number): void;
  /** Why no further call may be made; undefined while one may. */
  exhausted(): string | undefined;
}

interface Waiting {
  readonly lane: Lane;
  readonly bytes: number;
  readonly end: (mayBegin: boolean) => void;
}

export function createCallLimits(): CallLimits {
  const underWay = { activity: 0, local: 0 };
  const waiting = new Set<Waiting>();
  let [calls, total] = [0, 0];
  let task = { id: 0, bytes: 0 };
  let isFlushing = false;

  const isFull = (lane: Lane) => underWay[lane] >= (lane === 'local' ? LOCAL_CALLS_AT_ONCE : CALLS_AT_ONCE);
  const fits = (bytes: number) => task.bytes === 0 || task.bytes + bytes <= BYTES_PER_TASK;
  const begin = ({ lane, bytes }: Pick<Waiting, 'lane' | 'bytes'>) => {
    underWay[lane] += 1;
    task.bytes += bytes;
  };
  const letIn = () => {
    for (const next of waiting) {
      if (isFull(next.lane)) return;
      if (!fits(next.bytes)) return flush();
      waiting.delete(next);
      begin(next);
      next.end(true);
    }
  };
  /** Only what the server sent may tell tasks apart: results of local calls are replayed in other portions. */
  const noticeTask = () => {
    const id = workflowInfo().historyLength;
    if (id !== task.id) task = { id, bytes: 0 };
  };
  /** A timer ends the task, and what it was to send is sent. */
  const flush = () => {
    if (isFlushing) return;
    isFlushing = true;
    void CancellationScope.nonCancellable(() => sleep(1)).then(() => {
      isFlushing = false;
      noticeTask();
      letIn();
    });
  };

  return {
    enter(lane, bytes, signal) {
      calls += 1;
      total += bytes;
      if (waiting.size === 0 && !isFull(lane) && fits(bytes)) {
        begin({ lane, bytes });
        return true;
      }
      return new Promise((end) => {
        const self = { lane, bytes, end };
        waiting.add(self);
        signal.addEventListener('abort', () => waiting.delete(self) && end(false), { once: true });
        letIn();
      });
    },
    leave(lane, bytes) {
      underWay[lane] -= 1;
      total += bytes;
      if (lane === 'local') task.bytes += bytes;
      else noticeTask();
      letIn();
    },
    exhausted() {
      if (calls >= CALLS_PER_RUN) return `the run has made ${calls} calls: a run may make ${CALLS_PER_RUN}`;
      if (total < BYTES_PER_RUN) return undefined;
      return `the run's calls have taken and given ${total} bytes of JSON: they may ${BYTES_PER_RUN} in all`;
    },
  };
}
