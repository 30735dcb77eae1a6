/** What health asks of Temporal, each question within two seconds. */
import { Client, type Connection } from '@temporalio/client';
import { isRunning } from '../../activities/sweep.ts';

export interface TemporalProbe {
  /** @throws where it does not */
  answers(): Promise<void>;
  /** Whether a workflow of this id is under way. */
  runs(workflowId: string): Promise<boolean>;
}

const LIMIT_MS = 2_000;

export function createTemporalProbe(connection: Connection, namespace: string): TemporalProbe {
  const client = new Client({ connection, namespace });
  const within = <T>(ask: () => Promise<T>): Promise<T> => connection.withDeadline(Date.now() + LIMIT_MS, ask);
  return Object.freeze({
    answers: async () => void (await within(() => connection.workflowService.describeNamespace({ namespace }))),
    runs: (workflowId) => within(() => isRunning(client, workflowId)),
  } satisfies TemporalProbe);
}
