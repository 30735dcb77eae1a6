/**
 * One look at a live experiment: what has matured by now, what the law makes of it, and one entry in the ledger. A look is
 * known by its number: asked for again, after a crash or a lost answer, it is given as it is in the ledger.
 */
import type { LookOutcome, Phase } from '../../model/experiment-messages.ts';
import { ITSELF, isLive } from '../../model/experiment-spec.ts';
import type { LookRecord } from '../../model/look-data.ts';
import { composePlan } from '../../plan/compose.ts';
import type { Json } from '../../plan/plan.ts';
import type { ExperimentRow, StageRow } from '../../store/experiments.ts';
import type { Store } from '../../store/store.ts';
import { lookRecord } from '../look.ts';
import { methodOf } from '../method.ts';
import { outcomeSettings } from '../outcome-settings.ts';
import { stageFactsOf } from '../stage-facts.ts';
import { lookedAt, notLookedAt } from './outcome.ts';
import { phaseOf } from './standing.ts';

export interface LookDependencies {
  readonly store: Pick<Store, 'experiments' | 'outcomes' | 'ledger' | 'plans' | 'indexes'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of the library: the ledger keeps it. */
  readonly version: string;
}

export interface LookRequest {
  readonly experimentId: string;
  readonly lookNo: number;
  /** Which workflow asks: an experiment that is in the other phase is looked at by the other. */
  readonly phase: Phase;
}

/** @throws SluiceError `experiment_unknown`, `look_data_invalid`, and those of the database */
export async function takeLook(dependencies: LookDependencies, request: LookRequest): Promise<LookOutcome> {
  const { store } = dependencies;
  const { experimentId, lookNo } = request;
  const row = await store.experiments.get(experimentId);
  const known = await store.ledger.look(row.experimentId, lookNo);
  if (known !== undefined) return lookedAt(row, JSON.parse(known.content) as LookRecord);
  if (!isAskedFor(row, request)) return notLookedAt(row, lookNo);
  const current = (await restage(store, row)) ? await store.experiments.get(experimentId) : row;
  if (!isAskedFor(current, request)) return notLookedAt(current, lookNo);
  const record = await look(dependencies, current, lookNo);
  const content = record as unknown as Json;
  const entry = await store.ledger.append(current.experimentId, { kind: 'look', lookNo, content });
  return lookedAt(current, JSON.parse(entry.content) as LookRecord);
}

/** A paused one serves nobody its arms: there is nothing to see. */
const isAskedFor = (row: ExperimentRow, { phase }: LookRequest): boolean =>
  isLive(row) && row.state !== 'paused' && phaseOf(row) === phase;

async function look({ store, now, version }: LookDependencies, row: ExperimentRow, lookNo: number) {
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
  return lookRecord({ spec, settings, data, lookNo, phase, at, version });
}

/**
 * Begins a new stage where an index has a new snapshot since this one began, or ends an experiment whose method holds for
 * one stage only. Gives whether anything was changed.
 */
async function restage(
  { experiments, plans, indexes }: LookDependencies['store'],
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
  experiments: LookDependencies['store']['experiments'],
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
