/**
 * Takes a live run into the shadows of its pipeline, once it is recorded. A share of the runs, found by hash: asking again
 * is asking once. Where nothing is shadowed, nothing is asked.
 */

import { isIn } from '../../model/assign.ts';
import type { Shadowing } from '../../store/reruns.ts';
import type { Store } from '../../store/store.ts';

type ShadowStore = Pick<Store, 'reruns'>;

interface Known {
  readonly shadows: Promise<readonly Shadowing[]>;
  readonly until: number;
}

/** So long a shadow that has begun, or was stopped, may not be noticed. */
const KNOWN_MS = 1_000;
const known = new WeakMap<ShadowStore['reruns'], Known>();

/** @throws what the store throws */
export async function enqueueShadows(store: ShadowStore, { runId }: { readonly runId: string }): Promise<void> {
  const shadows = await shadowing(store);
  const taken = shadows.filter(({ rerunId, share }) => isIn(`shadow.${rerunId}`, runId, [0, share]));
  if (taken.length === 0) return;
  await store.reruns.enqueue(
    taken.map(({ rerunId }) => rerunId),
    runId,
  );
}

function shadowing({ reruns }: ShadowStore): Promise<readonly Shadowing[]> {
  const kept = known.get(reruns);
  if (kept !== undefined && performance.now() < kept.until) return kept.shadows;
  const shadows = reruns.shadowing();
  known.set(reruns, { shadows, until: performance.now() + KNOWN_MS });
  shadows.catch(() => known.delete(reruns));
  return shadows;
}
