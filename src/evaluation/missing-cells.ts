/** Why cells are missing, and whether going on may fill them. */
import type { Store } from '../store/store.ts';

export interface MissingReason {
  readonly reason: string;
  /** Whether another try may fill them. */
  readonly resumable: boolean;
  /** The example has nothing to score: see `Cell`. */
  readonly isInapplicable: boolean;
  readonly cells: number;
}

/** The most frequent first. */
export async function missingReasons(
  { evaluations }: Pick<Store, 'evaluations'>,
  evaluationId: string,
): Promise<readonly MissingReason[]> {
  const reasons = new Map<string, MissingReason>();
  for await (const { cells } of evaluations.eachResult(evaluationId, { scoresOnly: true }))
    for (const cell of Object.values(cells)) {
      if (cell.state !== 'missing') continue;
      const { reason, resumable, isInapplicable = false } = cell;
      const key = `${resumable} ${isInapplicable} ${reason}`;
      reasons.set(key, { reason, resumable, isInapplicable, cells: (reasons.get(key)?.cells ?? 0) + 1 });
    }
  return [...reasons.values()].sort((one, other) => other.cells - one.cells || (one.reason < other.reason ? -1 : 1));
}
