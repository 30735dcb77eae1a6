/** How an experiment stands, by what the store says: it needs neither Temporal nor a worker. */
import type { LookRecord } from '../experiment/look-data.ts';
import { explainLook, explainState } from '../experiment/report.ts';
import { type ExperimentState, ITSELF } from '../experiment/spec.ts';
import type { ExperimentRow, StageRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';

export interface ExperimentStatus {
  readonly row: ExperimentRow;
  readonly stages: readonly StageRow[];
  /** Null before the first. */
  readonly look: LookRecord | null;
  /** What stands, in words, the verdict first. */
  readonly sentences: readonly string[];
}

type StatusStore = Pick<Store, 'experiments' | 'ledger'>;

/** @throws SluiceError `experiment_unknown`, `experiment_ambiguous` */
export async function experimentStatus(store: StatusStore, idOrPrefix: string): Promise<ExperimentStatus> {
  return statusOf(store, await store.experiments.get(idOrPrefix));
}

/** @param row as it has just been read */
export async function statusOf({ experiments, ledger }: StatusStore, row: ExperimentRow): Promise<ExperimentStatus> {
  const { experimentId } = row;
  const [stages, last, [change]] = await Promise.all([
    experiments.stages(experimentId),
    ledger.lastLook(experimentId),
    experiments.audit(experimentId, 1),
  ]);
  const look = last === undefined ? null : (JSON.parse(last.content) as LookRecord);
  // What looks have done is told by the look; only what people have done is told with their name.
  const by = change === undefined || change.who === ITSELF ? null : change.who;
  const sentences =
    look !== null && isSaidBy(look, row)
      ? explainLook(row.spec, row.settings, look)
      : explainState(row, by, change?.at);
  return { row, stages, look, sentences };
}

/** Decisions that put an experiment into a state: the look that made one says more of it than the state. */
const MADE_BY: { readonly [State in ExperimentState]?: LookRecord['decision'] } = {
  halted: 'halt',
  rolled_back: 'rollback',
  inconclusive: 'inconclusive',
};

/** Whether the look is what stands: not where somebody has done something else since. */
function isSaidBy(look: LookRecord, { state }: ExperimentRow): boolean {
  if (state === 'running') return look.phase === 'experiment';
  if (state === 'rolling') return look.phase === 'rollout';
  return MADE_BY[state] === look.decision;
}
