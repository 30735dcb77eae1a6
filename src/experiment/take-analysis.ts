/**
 * One interim analysis of a live experiment: reads the matured units, decides, and appends one entry to the ledger. An
 * analysis is identified by its number: repeated after a crash or a lost answer, it returns the entry in the ledger.
 */
import { SluiceError } from '../base/errors.ts';
import { showPercent } from '../base/format.ts';
import { callsOf, indexOf } from '../evaluation/pins.ts';
import type { AnalysisRecord } from '../model/analysis-data.ts';
import type { ActInput, AnalysisOutcome, LifecycleStatus, Phase } from '../model/experiment-messages.ts';
import { type ExperimentSpec, ITSELF, isLive, type SpecArm } from '../model/experiment-spec.ts';
import { composePlan } from '../plan/compose.ts';
import { planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { StageFacts } from '../store/deployments.ts';
import type { ExperimentRow, Experiments, Move, StageRow } from '../store/experiments.ts';
import type { Indexes } from '../store/indexes.ts';
import type { Store } from '../store/store.ts';
import { analysisRecord } from './analysis-record.ts';
import { methodOf } from './method.ts';
import { detailsMarkdown, explainAnalysis } from './report.ts';
import { restagingsOf, servedPlans } from './restage.ts';
import { outcomeSettings } from './run-outcomes.ts';

export interface AnalysisDependencies {
  readonly store: Pick<Store, 'experiments' | 'outcomes' | 'ledger' | 'plans' | 'indexes'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of the library: the ledger keeps it. */
  readonly version: string;
}

export interface AnalysisRequest {
  readonly experimentId: string;
  readonly lookNo: number;
  /** The phase of the requesting workflow: the other phase belongs to the other workflow. */
  readonly phase: Phase;
}

/** @throws SluiceError `experiment_unknown`, `look_data_invalid`, and those of the database */
export async function takeAnalysis(
  dependencies: AnalysisDependencies,
  request: AnalysisRequest,
): Promise<AnalysisOutcome> {
  const { store } = dependencies;
  const { experimentId, lookNo } = request;
  const row = await store.experiments.get(experimentId);
  const known = await store.ledger.look(row.experimentId, lookNo);
  if (known !== undefined) return outcomeOf(row, JSON.parse(known.content) as AnalysisRecord);
  if (!isAskedFor(row, request)) return notRecorded(row, lookNo);
  const current = (await restage(store, row)) ? await store.experiments.get(experimentId) : row;
  if (!isAskedFor(current, request)) return notRecorded(current, lookNo);
  const record = await look(dependencies, current, lookNo);
  const content = record as unknown as Json;
  const entry = await store.ledger.append(current.experimentId, { kind: 'look', lookNo, content });
  return outcomeOf(current, JSON.parse(entry.content) as AnalysisRecord);
}

/** A paused experiment serves no arms, so there is nothing to analyse. */
const isAskedFor = (row: ExperimentRow, { phase }: AnalysisRequest): boolean =>
  isLive(row) && row.state !== 'paused' && phaseOf(row) === phase;

async function look({ store, now, version }: AnalysisDependencies, row: ExperimentRow, lookNo: number) {
  const { experimentId, spec, settings } = row;
  const { graceMs } = spec.stop;
  const here = now();
  const phase = phaseOf(row);
  const { assigned, arrivals, ...rest } = await store.outcomes.look(experimentId, {
    ...outcomeSettings(row),
    ...{ watermark: here - graceMs, graceMs },
    fromStage: phase === 'rollout' ? (row.rolloutStage ?? row.stage) : 1,
    stopped: row.stopped.map((name) => spec.arms.findIndex((arm) => arm.name === name)).sort((a, b) => a - b),
    arms: spec.arms.length,
  });
  const { comparesExposure, checksArrival } = methodOf(settings.methodVersion);
  const data = {
    ...rest,
    ...(comparesExposure && assigned !== undefined && { assigned }),
    ...(checksArrival && arrivals !== undefined && { arrivals }),
  };
  // Where this clock is ahead of the database's, that one counts: no experiment ends because a machine has jumped.
  const at = Math.min(here, data.watermark + graceMs);
  return analysisRecord({ spec, settings, data, lookNo, phase, at, version });
}

/**
 * Begins a new stage where an index has a new snapshot since this one began, or ends an experiment whose method holds for
 * one stage only. Gives whether anything was changed.
 */
async function restage(
  { experiments, plans, indexes }: AnalysisDependencies['store'],
  row: ExperimentRow,
): Promise<boolean> {
  const { experimentId, settings, spec, state } = row;
  const stage = await stageOf(experiments, row);
  const base = await plans.get(stage.basePlanId);
  const arms = spec.arms.map((arm) => composePlan(base, [arm]));
  const facts = await stageFactsOf(arms, indexes);
  const changed = changedIndexes(stage, facts.snapshots);
  if (changed.length === 0) return false;
  const why = `${changed.map((name) => `'${name}'`).join(', ')} ${changed.length === 1 ? 'has' : 'have'} a new snapshot`;
  if (settings.method !== 'asymp_cs') {
    await experiments.beginStage(experimentId, row.stage, { facts, why });
    return true;
  }
  const reason = `${why}, and its method (asymp_cs) holds for one stage only`;
  await experiments.move(experimentId, { to: 'superseded', from: [state], by: ITSELF, reason });
  return true;
}

async function stageOf(
  experiments: AnalysisDependencies['store']['experiments'],
  { experimentId, stage }: ExperimentRow,
): Promise<StageRow> {
  const stages = await experiments.stages(experimentId);
  // Between two reads another may have begun; the last is the one that is served.
  return stages.find((each) => each.stage === stage) ?? stages.at(-1)!;
}

/** Indexes that were not built when the stage began, or are read by a variant and not watched yet, change nothing by appearing. */
function changedIndexes({ facts }: StageRow, now: { readonly [index: string]: string }): string[] {
  return Object.keys(facts.snapshots).filter(
    (index) => now[index] !== undefined && now[index] !== facts.snapshots[index],
  );
}

/**
 * Applies the decision of an analysis: one guarded change of state. Repeating it changes nothing; a person's earlier action,
 * such as an abort, takes precedence.
 */
export async function actOnLook(
  experiments: Pick<Experiments, 'get' | 'move'>,
  look: ActInput,
): Promise<LifecycleStatus> {
  const row = await experiments.get(look.experimentId);
  const move = moveOf(row, look);
  if (move === undefined) return lifecycleStatus(row);
  await experiments.move(row.experimentId, { by: ITSELF, reason: look.reason, ...move });
  return lifecycleStatus(await experiments.get(row.experimentId));
}

/** Undefined where the state says that it is done, or that it is no longer to be done. */
function moveOf(
  row: ExperimentRow,
  { decision, reason, arm, stops }: ActInput,
): Omit<Move, 'by' | 'reason'> | undefined {
  const stop = stops.filter((name) => !row.stopped.includes(name));
  // A failing variant is stopped in a halted experiment, too, without waiting for a person.
  if (row.state === 'halted' && stop.length > 0 && decision !== 'rollback')
    return { to: 'halted', from: ['halted'], stop };
  switch (decision) {
    case 'rollback':
      // Counts of runs hold where a split is off, and estimates do not.
      return {
        to: 'rolled_back',
        from: ['running', 'paused', 'approving', 'rolling', ...(reason === 'breaker' ? (['halted'] as const) : [])],
        stop,
      };
    case 'halt':
      return { to: 'halted', from: ['running'], stop };
    case 'promote': {
      const { rollout, target } = row.spec;
      // What is promoted everybody gets, and a target has kept some from being asked: that is for somebody to want.
      const to = rollout.approval === 'manual' || target !== null ? 'approving' : 'rolling';
      return { to, from: ['running'], stop, winner: arm!, ...(to === 'rolling' && { beginsRollout: true }) };
    }
    case 'inconclusive':
      return { to: 'inconclusive', from: ['running'], stop };
    case 'continue':
      return stop.length === 0 ? undefined : { to: 'running', from: ['running'], stop };
    default:
      return decision satisfies never;
  }
}

/** The outcome of an analysis for its workflow: the decision by names, and the text for the Temporal UI. */
export function outcomeOf(row: ExperimentRow, record: AnalysisRecord): AnalysisOutcome {
  const { lookNo, at, decision, reason, arm } = record;
  const sentences = explainAnalysis(row.spec, row.settings, record);
  const nameOf = (index: number): string => row.spec.arms[index]!.name;
  return {
    ...lifecycleStatus(row),
    ...{ lookNo, at, isRecorded: true, decision, reason },
    arm: arm === null ? null : nameOf(arm),
    stops: stopsOf(row, record).map(nameOf),
    units: unitsOf(row.spec, record),
    sentences,
    details: detailsMarkdown(row.spec, record, sentences),
  };
}

/** Where the split is off, counts of runs hold, and estimates do not. */
function stopsOf({ state }: ExperimentRow, { stops, verdicts }: AnalysisRecord): readonly number[] {
  if (state !== 'halted') return stops;
  return stops.filter((stop) => verdicts.some(({ arm, reason }) => arm === stop && reason === 'breaker'));
}

function notRecorded(row: ExperimentRow, lookNo: number): AnalysisOutcome {
  return {
    ...lifecycleStatus(row),
    ...{ lookNo, at: 0, isRecorded: false, decision: 'continue', reason: row.reason ?? row.state, arm: null },
    ...{ stops: [], units: 0, sentences: [], details: '' },
  };
}

/** Units, all arms together, whose windows are over for all that decides: the primary metric and the guardrails. */
export function unitsOf({ metrics }: ExperimentSpec, { data }: Pick<AnalysisRecord, 'data'>): number {
  const deciding = metrics.filter(({ role }) => role !== 'secondary');
  const longest = Math.max(...(deciding.length > 0 ? deciding : metrics).map(({ windowMs }) => windowMs));
  return data.matured.filter(({ windowMs }) => windowMs === longest).reduce((sum, { n }) => sum + n, 0);
}

/** What the workflows of an experiment have to know of its state. */
export const phaseOf = ({ state }: Pick<ExperimentRow, 'state'>): Phase =>
  state === 'rolling' ? 'rollout' : 'experiment';

export const lifecycleStatus = (row: Pick<ExperimentRow, 'state'>): LifecycleStatus => ({
  state: row.state,
  isLive: isLive(row),
  phase: phaseOf(row),
});

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

/** The steps of a rollout in the store: how far it is, and its end, at which the winner is what is deployed. */
type RolloutStore = Pick<Store, 'experiments' | 'deployments' | 'plans' | 'indexes'>;

/** What is served may change between working a deployment out and making it: so often it is worked out again. */
const TRIES = 10;

/** Gives the winner to so much of the traffic outside the share; one that is no longer rolling stays as it is. */
export async function rampRollout(
  { experiments }: RolloutStore,
  { experimentId, ramp }: { readonly experimentId: string; readonly ramp: number },
): Promise<LifecycleStatus> {
  const row = await experiments.get(experimentId);
  if (row.state !== 'rolling' || row.ramp === ramp) return lifecycleStatus(row);
  const reason = `ramp ${showPercent(ramp)}`;
  await experiments.move(row.experimentId, { to: 'rolling', from: ['rolling'], by: ITSELF, reason, ramp });
  return lifecycleStatus(await experiments.get(row.experimentId));
}

/**
 * Deploys the winner's edits on top of what is deployed now, which ends the experiment and says to the others what that
 * means for them. One that is no longer rolling stays as it is.
 *
 * @throws SluiceError `serving_changed` (retryable) where others change what is served all the time
 */
export async function finishRollout(store: RolloutStore, experimentId: string): Promise<LifecycleStatus> {
  for (let tries = 1; ; tries += 1) {
    const row = await store.experiments.get(experimentId);
    if (row.state !== 'rolling') return lifecycleStatus(row);
    try {
      await deployWinner(store, row);
    } catch (error) {
      if (!(error instanceof SluiceError && error.code === 'serving_changed') || tries === TRIES) throw error;
    }
  }
}

async function deployWinner(store: RolloutStore, row: ExperimentRow): Promise<void> {
  const { experimentId, pipeline } = row;
  const serving = await store.experiments.serving(pipeline);
  if (serving === undefined) throw broken(row, `nothing is deployed under '${pipeline}'`);
  const { deployment } = serving;
  const { name, edits } = winnerOf(row);
  const before = await store.plans.get(deployment.planId);
  const after = composePlan(before, [{ name: `${experimentId}:${name}`, edits }]);
  await store.plans.put(planId(after), after);
  const facts = await stageFactsOf(servedPlans(serving, after), store.indexes);
  await store.deployments.deploy({
    pipeline,
    planId: planId(after),
    variant: deployment.variant,
    promoted: [...deployment.promoted, { experiment: experimentId, variant: name, edits }],
    holdOut: deployment.holdOut,
    kind: 'promote',
    by: ITSELF,
    why: `'${name}' of ${experimentId} was rolled out`,
    expected: serving.version,
    restaged: restagingsOf(serving, { before, after, facts, promotes: experimentId }),
    ends: { experimentId, reason: 'rolled_out' },
  });
}

function winnerOf(row: ExperimentRow): SpecArm {
  const arm = row.spec.arms.find(({ name }) => name === row.winner);
  if (arm === undefined) throw broken(row, `it has no variant '${row.winner}'`);
  return arm;
}

/** An experiment starts on what is deployed, and rolls out one of its variants: somebody has changed rows by hand. */
const broken = ({ experimentId }: ExperimentRow, why: string): SluiceError =>
  new SluiceError('rollout_broken', {
    message: `the rollout of ${experimentId} cannot end: ${why}`,
    remedy: `abort it: sluice rollout abort ${experimentId}`,
    data: { experimentId },
  });
