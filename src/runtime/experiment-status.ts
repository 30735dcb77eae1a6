/** How an experiment stands, by what the store says: it needs neither Temporal nor a worker. */
import type { LookRecord } from '../experiment/look-data.ts';
import { explainLook, explainState } from '../experiment/report.ts';
import { type ExperimentState, ITSELF } from '../experiment/spec.ts';
import type { ExperimentRow, StageRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';

export interface ExperimentStatus {
  readonly row: ExperimentRow;
  readonly stages: readonly StageRow[];
  /** The result: the newest look of the experiment itself, or of a rollout that had no experiment. Null before the first. */
  readonly look: LookRecord | null;
  /** The newest look of the rollout that follows the experiment; null where there is none. */
  readonly rolloutLook: LookRecord | null;
  /** The verdict first, then the result that it follows from. */
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
  const [stages, looks, [change]] = await Promise.all([
    experiments.stages(experimentId),
    resultLooks(ledger, experimentId),
    experiments.audit(experimentId, 1),
  ]);
  const { look, rolloutLook } = looks;
  const newest = rolloutLook ?? look;
  // What looks have done is told by the look; only what people have done is told with their name.
  const by = change === undefined || change.who === ITSELF ? null : change.who;
  const explain = (record: LookRecord) => explainLook(row.spec, row.settings, record);
  const sentences = newest !== null && isSaidBy(newest, row) ? explain(newest) : explainState(row, by, change?.at);
  const isWon = look !== null && look.decision === 'promote' && WON.has(row.state);
  // A rollout has a basis of its own: of the result only its verdict follows.
  const won = isWon ? explain(look).slice(0, rolloutLook !== null && row.state === 'rolling' ? 1 : undefined) : [];
  return { row, stages, look, rolloutLook, sentences: [...sentences, ...won] };
}

/** The look that is the result of an experiment, and the newest of the rollout that followed. */
export async function resultLooks(
  ledger: Pick<Store['ledger'], 'lastLook'>,
  experimentId: string,
): Promise<Pick<ExperimentStatus, 'look' | 'rolloutLook'>> {
  const newest = await readLook(ledger.lastLook(experimentId));
  if (newest?.phase !== 'rollout') return { look: newest, rolloutLook: null };
  const own = await readLook(ledger.lastLook(experimentId, 'experiment'));
  return own === null ? { look: newest, rolloutLook: null } : { look: own, rolloutLook: newest };
}

async function readLook(entry: Promise<LedgerEntry | undefined>): Promise<LookRecord | null> {
  const found = await entry;
  return found === undefined ? null : (JSON.parse(found.content) as LookRecord);
}

/** States that follow from a promotion and keep it: the look that promoted is the result to show. */
const WON: ReadonlySet<ExperimentState> = new Set(['approving', 'rolling', 'promoted']);

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
