/** Deleting histories with a Temporal server that does not answer. */
import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { deleteHistory, deletionEnds } from '../../src/temporal/delete-history.ts';

test.each([
  ['deleting', (connection: Connection) => deleteHistory(connection, 'default', 'run-1')],
  ['waiting', (connection: Connection) => deletionEnds(connection, 'default', ['run-1'])],
])('%s ends with an error that names Temporal', async (_, act) => {
  const never = () => new Promise<never>(() => undefined);
  const limits: number[] = [];
  const connection = {
    workflowService: { deleteWorkflowExecution: never, describeWorkflowExecution: never },
    withDeadline(deadline: number, call: () => Promise<unknown>) {
      limits.push(deadline - Date.now());
      void call();
      return Promise.reject(Object.assign(new Error('Deadline exceeded'), { code: 4 }));
    },
  } as unknown as Connection;
  await expect(act(connection)).rejects.toMatchObject({ code: 'temporal_unreachable' });
  expect(limits).toEqual([expect.closeTo(60_000, -4)]);
});
