/** What may change beside the plan and is watched: the passages that its indexes hold. */
import { SluiceError } from '../base/errors.ts';
import { callsOf, indexOf } from '../evaluation/pins.ts';
import type { Plan } from '../plan/plan.ts';
import type { StageFacts } from '../store/deployments.ts';
import type { Indexes } from '../store/indexes.ts';

/** Of one plan; see `stageFactsOf`. */
export function stageFacts(plan: Plan, indexes: Pick<Indexes, 'snapshot'>): Promise<StageFacts> {
  return stageFactsOf([plan], indexes);
}

/**
 * The newest snapshot of every index that one of the plans reads: of all arms, since a variant may read an index that the
 * baseline does not. One that does not exist yet is left out, and so is one of which a config names the snapshot: that
 * stays what it is.
 */
export async function stageFactsOf(plans: readonly Plan[], indexes: Pick<Indexes, 'snapshot'>): Promise<StageFacts> {
  const names = callsOf(plans, []).flatMap((call) => {
    const read = indexOf(call);
    return read === undefined || read.prefix !== undefined ? [] : read.index;
  });
  const entries = await Promise.all(
    [...new Set(names)].sort().map(async (index) => {
      const hash = await newest(indexes, index);
      return hash === undefined ? [] : [[index, hash] as const];
    }),
  );
  return { snapshots: Object.fromEntries(entries.flat()) };
}

async function newest(indexes: Pick<Indexes, 'snapshot'>, index: string): Promise<string | undefined> {
  try {
    return (await indexes.snapshot(index)).hash;
  } catch (error) {
    if (error instanceof SluiceError && (error.code === 'index_unknown' || error.code === 'index_not_built'))
      return undefined;
    throw error;
  }
}
