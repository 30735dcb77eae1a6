/**
 * Starts experiments and rollouts, steers them, and follows them. Every action is first one write to the store, which takes
 * effect on new runs by itself; the workflow is signalled after it. So a live experiment can be stopped whatever runs or
 * does not: no worker, and no Temporal, is needed for that.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { checkOverlaps, checkWritten } from '../experiment/restage.ts';
import { steer } from '../experiment/steer.ts';
import { stageFactsOf } from '../experiment/take-analysis.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import { sqlBounds } from '../model/assign.ts';
import type { Steer } from '../model/experiment-messages.ts';
import {
  completeSpec,
  type ExperimentSpec,
  type FrozenSettings,
  isLive,
  type SpecArm,
} from '../model/experiment-spec.ts';
import { checkPlan } from '../plan/check.ts';
import { composePlan } from '../plan/compose.ts';
import { isSameJson, planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import type { ExperimentRow, Serving } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { noBaseline } from './deploy-refusals.ts';
import { ANSWER_LIMIT_MS, type ClockDependencies, sayToRollout, startClock, tell } from './experiment-clock.ts';
import { type ExperimentStatus, experimentStatus } from './experiment-status.ts';

export interface NewExperimentRequest {
  readonly spec: ExperimentSpec;
  /** Of `freezeSettings`. */
  readonly settings: FrozenSettings;
  readonly by: string;
  readonly why: string;
  /** The pipeline's plan in the code, for which its variants were written; absent: their changes are not checked. */
  readonly writtenFor?: Plan;
}

export interface NewRolloutRequest extends NewExperimentRequest {
  /** The variant that is rolled out, by name. */
  readonly winner: string;
}

/** Each takes a unique prefix of an id, too. */
export interface ExperimentClient {
  /**
   * @throws SluiceError `not_deployed`, `experiment_live`, `experiments_overlap`, `layer_full`, `variant_unfit`,
   *   `variant_is_baseline`, `variant_of_other`; `step_unregistered`, `no_worker`, `key_missing` where an arm, or a scorer, could not be run;
   *   `temporal_unreachable`, and then it is aborted
   */
  startExperiment(request: NewExperimentRequest): Promise<ExperimentRow>;
  /** Begins with a winner: its steps, without a test before them. @throws as `startExperiment` */
  startRollout(request: NewRolloutRequest): Promise<ExperimentRow>;
  /**
   * Pauses, resumes, aborts or approves, and gives what it then is. `resume` also goes on with one whose workflow Temporal
   * has lost. Only a rollout's `pause` and `resume` need a worker.
   *
   * @throws SluiceError `experiment_unknown`, `experiment_ended`, `experiment_halted`, `experiment_not_won`,
   *   `experiment_unanswered`, `rollout_lost`, `temporal_unreachable`
   */
  steerExperiment(experimentId: string, said: Steer): Promise<ExperimentRow>;
  /** @throws SluiceError `experiment_unknown` */
  reportOf(experimentId: string): Promise<ExperimentStatus>;
  /** Resolves when it has ended, however it has. @throws SluiceError `experiment_unknown` */
  followExperiment(experimentId: string, options?: FollowExperimentOptions): Promise<ExperimentRow>;
}

export interface ExperimentClientDependencies extends ClockDependencies {
  readonly store: Store;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
  /** What the reasons that people give are put through before a workflow gets them. Default: off. */
  readonly redaction?: Redaction;
  /** How long a rollout has to answer; default 15 s. */
  readonly answerLimitMs?: number;
}

/** What is served may change between checking and starting: so often it is checked again. */
const TRIES = 10;

export function createExperimentClient(dependencies: ExperimentClientDependencies): ExperimentClient {
  const { temporal, store, redaction = NO_REDACTION, answerLimitMs = ANSWER_LIMIT_MS } = dependencies;
  const { experiments } = store;

  async function steerExperiment(idOrPrefix: string, given: Steer): Promise<ExperimentRow> {
    const said = { ...given, why: redaction.text(given.why) };
    const { experimentId, state } = await experiments.get(idOrPrefix);
    const holds = said.action === 'pause' || said.action === 'resume';
    // How far a rollout goes is for its workflow to hold; everything else is the store's.
    const row =
      state === 'rolling' && holds ? await experiments.get(experimentId) : await steer(experiments, experimentId, said);
    const goesOn = said.action === 'resume' || said.action === 'approve';
    if (goesOn && isLive(row)) await startClock(dependencies, row);
    if (row.state === 'rolling' && holds) await sayToRollout(temporal, experimentId, said, answerLimitMs);
    // After an approval both: what has experimented ends, and what rolls out begins.
    if (said.action !== 'resume') await tell(temporal, experimentId);
    return experiments.get(experimentId);
  }

  return Object.freeze({
    startExperiment: (request) => start(dependencies, request),
    startRollout: (request) => start(dependencies, request, request.winner),
    steerExperiment,
    reportOf: (idOrPrefix) => experimentStatus(store, idOrPrefix),
    async followExperiment(idOrPrefix, options = {}) {
      const { experimentId } = await experiments.get(idOrPrefix);
      return followExperiment(store, experimentId, options);
    },
  } satisfies ExperimentClient);
}

async function start(
  dependencies: ExperimentClientDependencies,
  request: NewExperimentRequest,
  winner?: string,
): Promise<ExperimentRow> {
  const { experiments } = dependencies.store;
  const row = await insert(dependencies, request, winner);
  try {
    await startClock(dependencies, row);
  } catch (error) {
    // Nobody would look at it.
    const reason = 'its workflow could not be started';
    await experiments
      .move(row.experimentId, { to: 'aborted', from: ['running', 'rolling'], by: request.by, reason })
      .catch(() => undefined); // why it could not be started says more
    throw error;
  }
  return row;
}

async function insert(
  { store, check }: ExperimentClientDependencies,
  { spec, settings, by, why, writtenFor }: NewExperimentRequest,
  winner: string | undefined,
): Promise<ExperimentRow> {
  const { name, pipeline } = spec;
  if (winner !== undefined) checkWinner(spec, winner);
  for (let tries = 1; ; tries += 1) {
    const serving = await store.experiments.serving(pipeline);
    if (serving === undefined) throw noBaseline(spec);
    const base = await store.plans.get(serving.deployment.planId);
    if (writtenFor !== undefined) checkWritten(spec, writtenFor, base);
    const plans = await checkStart(spec, serving, base, check);
    const facts = await stageFactsOf(plans, store.indexes);
    const kind = winner === undefined ? 'experiment' : 'rollout';
    try {
      return await store.experiments.start({
        ...{ name, pipeline, kind, spec, settings, by, why, facts, expected: serving.version },
        ...(winner !== undefined && { winner }),
      });
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'serving_changed') || tries === TRIES) throw error;
    }
  }
}

function checkWinner({ name, arms }: ExperimentSpec, winner: string): void {
  const variants = arms.slice(1).map((arm) => arm.name);
  if (variants.includes(winner)) return;
  throw new SluiceError('variant_unknown', {
    message: `'${name}' has no variant '${winner}' to roll out`,
    remedy: suggest(winner, variants, 'it has no variants'),
    data: { variant: winner, variants },
  });
}

/**
 * Gives the plan of each arm, the baseline's first.
 *
 * @param base the deployed plan
 * @param check whether a plan could be run now
 * @throws SluiceError `experiment_live` for one of this name, `assign_invalid`, `experiments_overlap`, `variant_unfit`,
 *   `variant_is_baseline`, and what `check` throws
 */
export async function checkStart(
  spec: ExperimentSpec,
  serving: Serving,
  base: Plan,
  check: (plan: Plan) => Promise<void>,
): Promise<readonly Plan[]> {
  refuseEdit(spec, serving);
  sqlBounds({ shareSalt: spec.name, range: [0, spec.share], armSalt: spec.name, arms: spec.arms });
  checkOverlaps(spec, serving.experiments);
  const plans = spec.arms.map(({ name, edits }) => (edits.length === 0 ? base : planOf(spec, base, { name, edits })));
  for (const plan of new Set([...plans, ...scorerPlans({ scorers: spec.scorers.map((scorer) => scorer.spec) })]))
    await check(plan);
  return plans;
}

/** What is fixed at the start stays so: verdicts hold only for what was asked before the first look. */
function refuseEdit(spec: ExperimentSpec, { experiments }: Serving): void {
  const live = experiments.find(({ name }) => name === spec.name);
  if (live === undefined) return;
  const { experimentId, state } = live;
  const [before, now] = [live.spec, spec].map((each) => completeSpec(each) as unknown as Json);
  const isSame = isSameJson(before, now);
  throw new SluiceError('experiment_live', {
    message: isSame
      ? `${experimentId} is live: it is ${state} already`
      : `${experimentId} is live (${state}), and was asked for in other words: an experiment that runs is not edited, its settings are fixed at its start`,
    remedy: isSame
      ? `see how far it is: sluice experiment status ${experimentId}`
      : `let it end, or abort it (sluice experiment abort ${experimentId}), and start this one: it begins anew, with units of its own`,
    data: { experimentId, state, isSame },
  });
}

function planOf(spec: ExperimentSpec, base: Plan, arm: Pick<SpecArm, 'name' | 'edits'>): Plan {
  const plan = composePlan(base, [arm]);
  const checked = checkPlan(plan);
  if (!checked.ok)
    throw new SluiceError('variant_unfit', {
      message: `'${arm.name}' of '${spec.name}' does not fit what is deployed of '${spec.pipeline}': ${checked.problems[0]!.message}`,
      remedy: `deploy the pipeline that it was written for (sluice deploy ${spec.pipeline}), or write it for the one that is deployed`,
      data: { variant: arm.name },
    });
  if (planId(plan) === planId(base))
    throw new SluiceError('variant_is_baseline', {
      message: `'${arm.name}' of '${spec.name}' is what is deployed of '${spec.pipeline}' already: there is nothing to compare`,
      remedy: 'change what the variant edits, or leave it out',
      data: { variant: arm.name, planId: planId(plan) },
    });
  return plan;
}

/** Following an experiment to its end by what the store says: it needs neither Temporal nor a worker. */
export interface FollowExperimentOptions {
  /** Called for each analysis in order, earlier ones included. */
  readonly onLook?: (look: AnalysisRecord, row: ExperimentRow) => void;
  /** Called when its state changes. */
  readonly onState?: (row: ExperimentRow) => void;
  /** Stops following; the experiment goes on. */
  readonly signal?: AbortSignal;
  /** How often the store is asked; default 500 ms. */
  readonly pollMs?: number;
}

const POLL_MS = 500;
const PAGE = 200;

/** Resolves when it has ended, or when `signal` aborts, with what it then is. */
async function followExperiment(
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
