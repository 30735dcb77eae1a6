/** What a process needs to work on evaluations: one for all that it works on. */
import type { Store } from '../store/store.ts';
import type { MakeAttempt } from './attempts.ts';
import type { Backlog } from './memo/backlog.ts';
import type { Slots } from './slots.ts';

export interface EvaluationWorker {
  readonly store: Store;
  /** For all calls of the process. */
  readonly slots: Slots;
  /** Of all its chunks. */
  readonly backlog: Backlog;
  readonly attempt: MakeAttempt;
  /** Of the implementations here, by `rerank@2`. */
  readonly digests: () => Promise<ReadonlyMap<string, string>>;
  /** Whether a step's config has a place for the snapshot that it is to read. */
  readonly takesSnapshot: (step: string) => boolean;
}
