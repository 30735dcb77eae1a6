/**
 * Which snapshots a run has read: of each index that its plan reads, the newest there was when it began, or the one that a
 * config names. Derived, not kept: snapshots know when they were committed. One that was pruned since is left out.
 */
import { SluiceError } from '../base/errors.ts';
import { callsOf, indexOf } from '../evaluation/pins.ts';
import type { Plan } from '../plan/plan.ts';
import type { Indexes } from '../store/indexes.ts';

/** Hashes by index. @param at milliseconds since the epoch */
export async function snapshotsAt(
  plan: Plan,
  at: number,
  indexes: Pick<Indexes, 'snapshots'>,
): Promise<{ readonly [index: string]: string }> {
  const read = callsOf([plan], []).flatMap((call) => indexOf(call) ?? []);
  const prefixes = new Map(read.map(({ index, prefix }) => [index, prefix]));
  const entries = await Promise.all(
    [...prefixes].map(async ([index, prefix]) => {
      const found = (await known(indexes, index)).find(({ hash, createdAt }) =>
        prefix === undefined ? createdAt <= at : hash.startsWith(prefix),
      );
      return found === undefined ? [] : [[index, found.hash] as const];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** Newest first; none where there is no such index. */
async function known(indexes: Pick<Indexes, 'snapshots'>, index: string) {
  try {
    return await indexes.snapshots(index);
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'index_unknown') return [];
    throw error;
  }
}
