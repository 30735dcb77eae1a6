/** How an experiment stands, by what the store says: it needs neither Temporal nor a worker. */

import { type LiveStep, liveSteps } from '../experiment/live-steps.ts';
import { explainAnalysis, explainState } from '../experiment/report.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import { type ExperimentState, ITSELF } from '../model/experiment-spec.ts';
import { planId } from '../plan/id.ts';
import type { Plan } from '../plan/plan.ts';
import type { ExperimentRow, StageRow } from '../store/experiments.ts';
import type { LedgerEntry } from '../store/ledger.ts';
import type { Store } from '../store/store.ts';

export interface ExperimentStatus {
  readonly row: ExperimentRow;
  readonly stages: readonly StageRow[];
  /**
   * The result: the look that decided, and the newest before a decision. Of a rollout that had no experiment, its newest.
   * Null before the first.
   */
  readonly look: AnalysisRecord | null;
  /** The newest look of the rollout that follows the experiment; null where there is none. */
  readonly rolloutLook: AnalysisRecord | null;
  readonly newestAnalysis: AnalysisRecord | null;
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
    resultAnalyses(ledger, row),
    experiments.audit(experimentId, 1),
  ]);
  const { look, rolloutLook } = looks;
  const newest = rolloutLook ?? look;
  // An analysis explains its own changes; a person's change is shown with their name.
  const by = change === undefined || change.who === ITSELF ? null : change.who;
  const explain = (record: AnalysisRecord) => explainAnalysis(row.spec, row.settings, record);
  const sentences = newest !== null && isSaidBy(newest, row) ? explain(newest) : explainState(row, by, change?.at);
  const isWon = look !== null && look.decision === 'promote' && WON.has(row.state);
  // A rollout has a basis of its own: of the result only its verdict follows.
  const won = isWon ? explain(look).slice(0, rolloutLook !== null && row.state === 'rolling' ? 1 : undefined) : [];
  return { row, stages, ...looks, sentences: [...sentences, ...won] };
}

type Analyses = Pick<ExperimentStatus, 'look' | 'rolloutLook' | 'newestAnalysis'>;

/** The look that is the result of an experiment, and the newest of the rollout that followed. */
export async function resultAnalyses(
  ledger: Pick<Store['ledger'], 'lastLook' | 'decidingLook'>,
  { experimentId, state }: Pick<ExperimentRow, 'experimentId' | 'state'>,
): Promise<Analyses> {
  const newestAnalysis = await readLook(ledger.lastLook(experimentId));
  const isRollout = newestAnalysis?.phase === 'rollout';
  // While an experiment is halted, or waits for approval, looks go on and may say something else.
  const deciding = isRollout || DECIDED.has(state) ? await readLook(ledger.decidingLook(experimentId)) : null;
  return {
    look: deciding ?? newestAnalysis,
    rolloutLook: isRollout && deciding !== null ? newestAnalysis : null,
    newestAnalysis,
  };
}

async function readLook(entry: Promise<LedgerEntry | undefined>): Promise<AnalysisRecord | null> {
  const found = await entry;
  return found === undefined ? null : (JSON.parse(found.content) as AnalysisRecord);
}

/** States that follow from a promotion and keep it: the look that promoted is the result to show. */
const WON: ReadonlySet<ExperimentState> = new Set(['approving', 'rolling', 'promoted']);
const DECIDED: ReadonlySet<ExperimentState> = new Set([...WON, 'halted']);

/** Decisions that put an experiment into a state: the look that made one says more of it than the state. */
const MADE_BY: { readonly [State in ExperimentState]?: AnalysisRecord['decision'] } = {
  halted: 'halt',
  rolled_back: 'rollback',
  inconclusive: 'inconclusive',
};

/** Whether the look is what stands: not where somebody has done something else since. */
function isSaidBy(look: AnalysisRecord, { state }: ExperimentRow): boolean {
  if (state === 'running') return look.phase === 'experiment';
  if (state === 'rolling') return look.phase === 'rollout';
  return MADE_BY[state] === look.decision;
}

/** Which steps of a pipeline are live where, as the store has it. */
export interface LiveOf {
  /** Null: the definition in code is served. */
  readonly deploymentNo: number | null;
  readonly planId: string;
  readonly steps: readonly LiveStep[];
}

/** @param defined its definition in code, which is served where nothing is deployed */
export async function liveOf(
  { experiments, plans }: Pick<Store, 'experiments' | 'plans'>,
  pipeline: string,
  defined: Plan,
): Promise<LiveOf> {
  const serving = await experiments.serving(pipeline);
  // Nothing is tried on what is not deployed.
  if (serving === undefined)
    return {
      ...{ deploymentNo: null, planId: planId(defined) },
      steps: liveSteps({ plan: defined, holdOut: 0, promoted: [], experiments: [] }),
    };
  const { deployment } = serving;
  const { holdOut, promoted, deploymentNo } = deployment;
  const plan = await plans.get(deployment.planId);
  return {
    ...{ deploymentNo, planId: deployment.planId },
    steps: liveSteps({ plan, holdOut, promoted, experiments: serving.experiments }),
  };
}
