/** What a trace is made of beside a run's own row and its node runs. */
import { type Attempts, createAttempts } from './attempts.ts';
import type { Database } from './database.ts';
import { type TracedCallRow, tracedCallsOf } from './traced-calls.ts';

export interface Traces {
  readonly attempts: Attempts;
  /** Calls to providers with what was sent and what came back, in the order in which they left. */
  calls(runId: string): Promise<readonly TracedCallRow[]>;
}

export function createTraces(database: Database): Traces {
  return Object.freeze({
    attempts: createAttempts(database),
    calls: (runId) => tracedCallsOf(database, runId),
  } satisfies Traces);
}
