/**
 * Plays one experiment on a simulated clock over the real store: units are assigned as requests are, their exposures and
 * outcomes are stored, and each analysis is taken and acted on by the functions that the workflows call.
 */

import { readPackage } from '../../src/base/package.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { planExperiment } from '../../src/experiment/planner.ts';
import { restagingsOf } from '../../src/experiment/restage.ts';
import { outcomeSettings } from '../../src/experiment/run-outcomes.ts';
import { compileServing } from '../../src/experiment/serve.ts';
import { steer } from '../../src/experiment/steer.ts';
import { actOnLook, finishRollout, phaseOf, rampRollout, takeAnalysis } from '../../src/experiment/take-analysis.ts';
import type { Steer } from '../../src/model/experiment-messages.ts';
import { type ExperimentSpec, isLive, VALUE_SCALE } from '../../src/model/experiment-spec.ts';
import { applyEdits } from '../../src/plan/compose.ts';
import { planId } from '../../src/plan/id.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import type { Database } from '../../src/store/database.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import type { NewExposure, NewOutcome } from '../../src/store/outcomes.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { docsBot } from '../plan/example.ts';

const STARTS_AT = Date.UTC(2026, 0, 5, 8);
const NO_FACTS = { snapshots: {} };
const ENTRIES = 1_000;

/** One run: the value of a metric in its own unit; null where the run leaves none. */
export type Draw = (metric: string, arm: number, random: Random) => Drawn | null;

export interface Drawn {
  readonly v: number;
  /** A ratio's denominator. */
  readonly d?: number;
}

export interface Setting {
  readonly spec: ExperimentSpec;
  readonly seed: number;
  /** Units of the pipeline between two analyses. */
  readonly units: number;
  readonly draw: Draw;
}

export interface Playing {
  row(): Promise<ExperimentRow>;
  /** So many analyses, each after its units; fewer where the experiment ends. */
  analyse(times: number): Promise<void>;
  /** Deploys the pipeline with these edits, as somebody would by hand. */
  deploy(edits: readonly NodeEdit[], why: string): Promise<void>;
  steer(action: Steer['action'], why: string): Promise<void>;
  /** The whole ledger, as it is stored. */
  entries(): Promise<readonly LedgerEntry[]>;
}

/** The variances that are planned with are those of units before the experiment: drawn for the baseline. */
const PLANNED_UNITS = 2_000;

export async function startPlaying(database: Database, { spec, seed, units, draw }: Setting): Promise<Playing> {
  let now = STARTS_AT;
  let [met, lookNo] = [0, 0];
  let late: NewOutcome[] = [];
  const store = createStore(database, { clock: () => now });
  const random = randomFrom(seed);
  const { pipeline } = spec;
  const clock = { now: () => now, version: readPackage().version };
  await deployPlan(store, { ...docsBot, pipeline }, 'the first deployment');
  const metrics = spec.metrics.map(({ name }) => baselineOf(name, draw, random));
  const { tuning } = planExperiment({ spec, traffic: { unitsPerDay: 1_000, metrics } });
  const { experimentId } = await store.experiments.start({
    ...{ name: spec.name, pipeline, kind: 'experiment', spec, settings: freezeSettings(spec, tuning) },
    ...{ by: 'ada', why: 'to compare', facts: NO_FACTS, expected: await store.experiments.version(pipeline) },
  });
  const row = () => store.experiments.get(experimentId);

  async function meetUnits(): Promise<void> {
    const serving = (await store.experiments.serving(pipeline))!;
    const serve = compileServing(serving, await store.plans.get(serving.deployment.planId));
    const settings = new Map([[experimentId, outcomeSettings(await row())]]);
    const exposures: NewExposure[] = [];
    const outcomes: NewOutcome[] = late.map((outcome) => ({ ...outcome, receivedAt: now }));
    late = [];
    for (const end = met + units; met < end; met += 1) {
      now += Math.floor(spec.stop.lookEveryMs / units);
      const { assignments } = serve({ input: {}, unit: `user-${met}` });
      for (const assigned of assignments) {
        exposures.push(exposureOf(assigned, now));
        for (const outcome of outcomesOf(spec, assigned, draw, random, now))
          (random.uniform() < LATE ? late : outcomes).push(outcome);
      }
    }
    await store.outcomes.expose(exposures);
    await store.outcomes.put(outcomes, settings);
  }

  async function analyseOnce(): Promise<boolean> {
    const before = await row();
    if (!isLive(before) || before.state === 'paused') return false;
    await meetUnits();
    const look = await takeAnalysis({ store, ...clock }, { experimentId, lookNo: lookNo + 1, phase: phaseOf(before) });
    if (!look.isRecorded) return false;
    lookNo += 1;
    const { decision, reason, arm, stops } = look;
    await actOnLook(store.experiments, { experimentId, lookNo, decision, reason, arm, stops });
    await stepRollout(store, before);
    return true;
  }

  return {
    row,
    async analyse(times) {
      for (let done = 0; done < times; done += 1) if (!(await analyseOnce())) return;
    },
    async deploy(edits, why) {
      const { planId: served } = (await store.deployments.current(pipeline))!;
      await deployPlan(store, applyEdits(await store.plans.get(served), edits), why);
    },
    async steer(action, why) {
      await steer(store.experiments, experimentId, { action, by: 'ada', why });
    },
    entries: () => store.ledger.entries(experimentId, { after: 0, limit: ENTRIES }),
  };
}

/** One run in a hundred is recorded after the next analysis. */
const LATE = 0.01;

async function deployPlan(store: Store, plan: Plan, why: string): Promise<void> {
  const { pipeline } = plan;
  const serving = await store.experiments.serving(pipeline);
  const before = serving && (await store.plans.get(serving.deployment.planId));
  await store.plans.put(planId(plan), plan);
  await store.deployments.deploy({
    ...{ pipeline, planId: planId(plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy', by: 'ada', why },
    restaged: serving ? restagingsOf(serving, { before: before!, after: plan, facts: NO_FACTS }) : [],
    expected: await store.experiments.version(pipeline),
  });
}

/** One step after each analysis of a rollout, its end after the last. */
async function stepRollout(store: Store, { experimentId, state, ramp, spec }: ExperimentRow): Promise<void> {
  if (state !== 'rolling') return;
  const next = spec.rollout.steps.find((step) => step > ramp);
  if (next === undefined) await finishRollout(store, experimentId);
  else await rampRollout(store, { experimentId, ramp: next });
}

type Assigned = ReturnType<ReturnType<typeof compileServing>>['assignments'][number];

const exposureOf = (
  { experiment, unit, armIndex: arm, stage, probability, isOverride }: Assigned,
  at: number,
): NewExposure => ({
  ...{ experiment, unit, arm, stage, probability, runId: `run-of-${unit}`, at },
  ...(isOverride && { excluded: 'override' }),
});

function outcomesOf(
  { metrics }: ExperimentSpec,
  { experiment, unit, armIndex: arm }: Assigned,
  draw: Draw,
  random: Random,
  at: number,
): readonly NewOutcome[] {
  const millionths = (value: number) => Math.round(value * VALUE_SCALE);
  return metrics.flatMap(({ name }, metric) => {
    const drawn = draw(name, arm, random);
    if (drawn === null) return [];
    const { v, d } = drawn;
    return {
      ...{ experiment, unit, arm, metric, runId: `run-of-${unit}`, deliveryId: `run:${metric}`, at, receivedAt: at },
      ...{ v: millionths(v), ...(d !== undefined && { d: millionths(d) }) },
    };
  });
}

function baselineOf(metric: string, draw: Draw, random: Random) {
  const values = Array.from({ length: PLANNED_UNITS }, () => draw(metric, 0, random)).flatMap((drawn) =>
    drawn === null ? [] : drawn.v / (drawn.d ?? 1),
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}
