/** Following an experiment to its end by what the store says: it needs neither Temporal nor a worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { isLive } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';

export interface FollowExperimentOptions {
  /** Told of each look, those that were made before included, in order. */
  readonly onLook?: (look: LookRecord, row: ExperimentRow) => void;
  /** Told where its state has changed. */
  readonly onState?: (row: ExperimentRow) => void;
  /** Stops following; the experiment goes on. */
  readonly signal?: AbortSignal;
  /** How often the store is asked; default 500 ms. */
  readonly pollMs?: number;
}

const POLL_MS = 500;
const PAGE = 200;

/** Resolves when it has ended, or when `signal` aborts, with what it then is. */
export async function followExperiment(
  { experiments, ledger }: Pick<Store, 'experiments' | 'ledger'>,
  experimentId: string,
  { onLook, onState, signal, pollMs = POLL_MS }: FollowExperimentOptions,
): Promise<ExperimentRow> {
  let after = 0;
  let state: string | undefined;
  for (;;) {
    // The row first: what it has ended with is then in the ledger.
    const row = await experiments.get(experimentId);
    for (let isMore = onLook !== undefined; isMore; ) {
      const entries = await ledger.entries(experimentId, { after, limit: PAGE });
      for (const { kind, content } of entries) if (kind === 'look') onLook?.(JSON.parse(content), row);
      after = entries.at(-1)?.entryNo ?? after;
      isMore = entries.length === PAGE;
    }
    if (row.state !== state) onState?.(row);
    state = row.state;
    if (!isLive(row) || signal?.aborted) return row;
    await delay(pollMs, undefined, signal && { signal }).catch(() => undefined);
  }
}
