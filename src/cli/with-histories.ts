/**
 * The store with Temporal's histories where a server is there: what a run was asked and gave is in both. Where nothing runs
 * here, either the store alone, and whoever removes something from it is told that histories stay; or servers are started.
 */
import { SluiceError } from '../base/errors.ts';
import type { EmbeddedState } from '../host/attach.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Store } from '../store/store.ts';
import type { Session } from './session.ts';
import { closing, orStopped, withRuntime, withStore } from './with-servers.ts';

export interface Opened {
  readonly store: Store;
  /** Removes the history of a run; absent where there is no server to ask. */
  readonly deleteHistory?: (runId: string) => Promise<unknown>;
}

export interface OpenedWithHistories extends Required<Opened> {
  readonly embedded: EmbeddedState;
  /** Waits until Temporal has none of these histories. @throws SluiceError `history_not_deleted` */
  readonly deletionEnds: (runIds: readonly string[]) => Promise<void>;
}

export async function withHistories<T>(session: Session, work: (opened: Opened) => Promise<T>): Promise<T> {
  const runtime = await orStopped(session.signal, session.services.connect()).catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'nothing_running') return undefined;
    throw error;
  });
  if (runtime === undefined) return withStore(session, work);
  return closing(session, runtime, async () => work(await openedOf(runtime)));
}

/** How long a rewrite that was begun may take to end after Ctrl-C: its server is paused meanwhile. */
const REWRITE_LIMIT_MS = 60_000;

/** Starts the embedded servers where nothing runs: without a server, histories cannot be removed. */
export const withHistoriesInAnyCase = <T>(
  session: Session,
  work: (opened: OpenedWithHistories) => Promise<T>,
): Promise<T> =>
  withRuntime(session, { endLimitMs: REWRITE_LIMIT_MS }, async (runtime) => work(await openedOf(runtime)));

async function openedOf({ store, connection, temporal, embedded }: Runtime): Promise<OpenedWithHistories> {
  const { deleteHistory, deletionEnds } = await import('../temporal/delete-history.ts');
  return {
    store,
    embedded,
    deleteHistory: (runId) => deleteHistory(connection, temporal.namespace, runId),
    deletionEnds: (runIds) => deletionEnds(connection, temporal.namespace, runIds),
  };
}
