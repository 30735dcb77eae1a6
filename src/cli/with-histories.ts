/**
 * The store with Temporal's histories where a server is there: what a run was asked and gave is in both. Where nothing runs
 * here, the store alone, and whoever removes something from it is told that histories stay.
 */
import { SluiceError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Session } from './session.ts';
import { withStore } from './with-servers.ts';

export interface Opened {
  readonly store: Store;
  /** Removes the history of a run; absent where there is no server to ask. */
  readonly deleteHistory?: (runId: string) => Promise<unknown>;
}

export async function withHistories<T>(session: Session, work: (opened: Opened) => Promise<T>): Promise<T> {
  const runtime = await session.services.connect().catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'nothing_running') return undefined;
    throw error;
  });
  if (runtime === undefined) return withStore(session, work);
  try {
    const { deleteHistory } = await import('../runtime/delete-history.ts');
    const { store, connection, temporal } = runtime;
    return await work({
      store,
      deleteHistory: (runId) => deleteHistory(connection.workflowService, temporal.namespace, runId),
    });
  } finally {
    await runtime.stop();
  }
}
