/**
 * Removes the content of runs that ended longer ago than it is kept: history first, so that a run which is said to have none
 * has none anywhere. Part of the sweeper's round, in portions: what is left over is the next round's.
 */
import type { Client } from '@temporalio/client';
import type { Store } from '../src/store/store.ts';
import { deleteHistory } from '../src/temporal/delete-history.ts';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
/** Runs in one transaction, and transactions in one round. */
const [PORTION, MOST_PORTIONS] = [200, 20];
/** No further portion is begun after so long: the round has a minute. */
const LONGEST_MS = 20_000;
/** A run goes on for up to a day, and its record may take one more: a payload that it put first is older by that. */
const PAYLOADS_LATER_MS = 3 * DAY_MS;

export interface ContentSweep {
  readonly retentionDays: number;
  /** Milliseconds since the epoch; default: this process's clock. */
  readonly now?: () => number;
}

/** Resolves with how many runs lost their content. */
export function createSweepContent(
  { content }: Pick<Store, 'content'>,
  client: Client,
  { retentionDays, now = Date.now }: ContentSweep,
): () => Promise<number> {
  const { connection, options } = client;
  const why = `runs keep their content for ${retentionDays} days`;
  return async () => {
    const beganAt = now();
    // By the hour: so there are a few portions a day, each with its row in the audit, and not one in each round.
    const before = Math.floor(beganAt / HOUR_MS) * HOUR_MS - retentionDays * DAY_MS;
    let removed = 0;
    for (let portion = 0; portion < MOST_PORTIONS && now() - beganAt < LONGEST_MS; portion += 1) {
      const runIds = await content.dueRuns(before, PORTION);
      for (const runId of runIds) await deleteHistory(connection, options.namespace, runId);
      removed += (await content.remove(runIds, { by: 'retention', who: 'retention', why })).length;
      if (runIds.length < PORTION) break;
    }
    await content.removePayloads(before - PAYLOADS_LATER_MS);
    return removed;
  };
}
