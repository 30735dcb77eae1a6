/**
 * One pipeline with its experiments, from their first unit to their verdicts, on a simulated clock: units are served by the
 * same law as requests, exposures and outcomes go to the store, looks are taken and acted on as the workflows have it
 * done. Temporal alone is left out.
 */
import { type AuditReport, auditLedger } from '../../src/experiment/audit.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { planExperiment } from '../../src/experiment/planner.ts';
import { explainAnalysis } from '../../src/experiment/report.ts';
import { outcomeSettings } from '../../src/experiment/run-outcomes.ts';
import { compileServing } from '../../src/experiment/serve.ts';
import { actOnLook, finishRollout, phaseOf, rampRollout, takeAnalysis } from '../../src/experiment/take-analysis.ts';
import type { AnalysisRecord } from '../../src/model/analysis-data.ts';
import { isLive, VALUE_SCALE } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import type { Database } from '../../src/store/database.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { LedgerEntry } from '../../src/store/ledger.ts';
import type { NewExposure, NewOutcome } from '../../src/store/outcomes.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { docsBot } from '../../test/plan/example.ts';
import { baselinesOf, featuresOf, type Has, LOOK_EVERY, type Scenario, specOf, UNIT_EVERY_MS } from './scenarios.ts';

const STARTS_AT = Date.UTC(2026, 0, 1);
const UNITS_PER_DAY = 86_400_000 / UNIT_EVERY_MS;
const NO_FACTS = { snapshots: {} };

export interface Played {
  readonly experiment: string;
  readonly state: ExperimentRow['state'];
  readonly reason: string | null;
  readonly looks: number;
  /** Matured units of both arms, and of the larger arm, at the last look that was not of a rollout. */
  readonly units: number;
  readonly unitsPerArm: number;
  readonly stages: number;
  readonly sentence: string;
  readonly audit: Pick<AuditReport, 'isEqual' | 'looks' | 'identical'>;
}

export async function play(database: Database, scenario: Scenario, seed: number): Promise<readonly Played[]> {
  let now = STARTS_AT;
  const store = createStore(database, { clock: () => now });
  const pipeline = `${scenario.name}-${seed}`;
  await deployFirst(store, pipeline);
  const started: ExperimentRow[] = [];
  for (const edited of scenario.experiments) started.push(await start(store, scenario, edited, pipeline));
  const random = randomFrom(1_000 + seed * 7_919);
  const lookNos = started.map(() => 0);
  for (let unit = LOOK_EVERY; unit <= scenario.units; unit += LOOK_EVERY) {
    now = await meet({ store, scenario, pipeline, random, from: now }, unit - LOOK_EVERY);
    let live = 0;
    for (const [index, { experimentId }] of started.entries()) {
      const lookNo = lookNos[index]! + 1;
      if (await lookAndAct(store, { experimentId, lookNo, now: () => now })) {
        lookNos[index] = lookNo;
        live += 1;
      }
    }
    if (live === 0) break;
  }
  return Promise.all(started.map((row) => outcomeOf(store, row)));
}

async function deployFirst(store: Store, pipeline: string): Promise<void> {
  const plan = { ...docsBot, pipeline };
  await store.plans.put(planId(plan), plan);
  await store.deployments.deploy({
    ...{ pipeline, planId: planId(plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy', by: 'bench' },
    ...{ why: 'a benchmark', restaged: [], expected: await store.experiments.version(pipeline) },
  });
}

async function start(store: Store, scenario: Scenario, edited: 'reranked' | 'wordier', pipeline: string) {
  const spec = specOf(scenario, edited, pipeline);
  const { tuning } = planExperiment({ spec, traffic: { unitsPerDay: UNITS_PER_DAY, metrics: baselinesOf(spec) } });
  return store.experiments.start({
    ...{ name: spec.name, pipeline, kind: 'experiment', spec, settings: freezeSettings(spec, tuning), by: 'bench' },
    ...{ why: 'a benchmark', facts: NO_FACTS, expected: await store.experiments.version(pipeline) },
  });
}

interface Meeting {
  readonly store: Store;
  readonly scenario: Scenario;
  readonly pipeline: string;
  readonly random: Random;
  readonly from: number;
}

/** Units until the next look, one after the other, each with one run; gives the time of the last. */
async function meet({ store, scenario, pipeline, random, from }: Meeting, first: number): Promise<number> {
  const serving = (await store.experiments.serving(pipeline))!;
  const serve = compileServing(serving, await store.plans.get(serving.deployment.planId));
  const byId = new Map(serving.experiments.map((row) => [row.experimentId, row]));
  const features = new Map<Plan, Has>();
  const hasOf = (plan: Plan): Has => {
    if (!features.has(plan)) features.set(plan, featuresOf(plan));
    return features.get(plan)!;
  };
  const [exposures, outcomes]: [NewExposure[], NewOutcome[]] = [[], []];
  let at = from;
  for (let number = first; number < first + LOOK_EVERY; number += 1) {
    at += UNIT_EVERY_MS;
    const { plan, assignments } = serve({ input: {}, unit: `user-${number}` });
    const has = hasOf(plan);
    const events = new Map<string, boolean>();
    const isLost = random.uniform() < (scenario.lost?.(has) ?? 0);
    const happens = (metric: string): boolean => {
      if (!events.has(metric)) events.set(metric, random.uniform() < scenario.rate(metric, has));
      return events.get(metric)!;
    };
    for (const { experiment, unit, armIndex: arm, stage, probability } of assignments) {
      exposures.push({ experiment, unit, arm, stage, probability, runId: unit, at });
      if (isLost) continue;
      for (const [metric, { name }] of byId.get(experiment)!.spec.metrics.entries()) {
        const v = happens(name) ? VALUE_SCALE : 0;
        const deliveryId = `run:${metric}`;
        outcomes.push({ experiment, unit, arm, metric, runId: unit, deliveryId, v, at, receivedAt: at });
      }
    }
  }
  await store.outcomes.expose(exposures);
  const settings = new Map([...byId].map(([id, row]) => [id, outcomeSettings(row)] as const));
  await store.outcomes.put(outcomes, settings);
  return at;
}

/** One look by its number, and what follows from it; whether there was one. A rollout takes one step, and ends. */
async function lookAndAct(
  store: Store,
  { experimentId, lookNo, now }: { readonly experimentId: string; readonly lookNo: number; readonly now: () => number },
): Promise<boolean> {
  const row = await store.experiments.get(experimentId);
  if (!isLive(row) || row.state === 'halted') return false;
  const look = await takeAnalysis({ store, now, version: 'bench' }, { experimentId, lookNo, phase: phaseOf(row) });
  if (!look.isRecorded) return false;
  const { decision, reason, arm, stops } = look;
  const acted = await actOnLook(store.experiments, { experimentId, lookNo, decision, reason, arm, stops });
  if (row.state !== 'rolling' || acted.state !== 'rolling') return true;
  if (row.ramp < 1) await rampRollout(store, { experimentId, ramp: 1 });
  else await finishRollout(store, experimentId);
  return true;
}

async function outcomeOf(store: Store, { experimentId }: ExperimentRow): Promise<Played> {
  const row = await store.experiments.get(experimentId);
  const entries = await ledgerOf(store, experimentId);
  const looks = entries
    .filter(({ kind }) => kind === 'look')
    .map(({ content }) => JSON.parse(content) as AnalysisRecord);
  const last = looks.findLast(({ phase }) => phase === 'experiment')!;
  const perArm = [0, 1].map((arm) =>
    last.data.matured.filter((count) => count.arm === arm).reduce((sum, { n }) => sum + n, 0),
  );
  const { isEqual, looks: audited, identical } = auditLedger(entries);
  return {
    experiment: experimentId,
    state: row.state,
    reason: row.reason,
    looks: looks.length,
    units: perArm[0]! + perArm[1]!,
    unitsPerArm: Math.max(...perArm),
    stages: new Set(last.data.exposed.map(({ stage }) => stage)).size,
    sentence: explainAnalysis(row.spec, row.settings, last)[0]!,
    audit: { isEqual, looks: audited, identical },
  };
}

async function ledgerOf(store: Store, experimentId: string): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (;;) {
    const page = await store.ledger.entries(experimentId, { after: entries.length, limit: 200 });
    entries.push(...page);
    if (page.length < 200) return entries;
  }
}
