/**
 * A new build of the workers is rolled out while runs, and an experiment, are under way: by a ramp, then wholly, then back
 * while none of its workers is alive. Every run ends on the build, the plan and the arm that it began with.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Runnable } from '../../../src/client/client.ts';
import type { Served } from '../../../src/experiment/serve.ts';
import { definePipeline } from '../../../src/index.ts';
import { planId } from '../../../src/plan/id.ts';
import { specOf, startOf } from '../../store/experiment-helpers.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { startsIn, tally, underWay } from '../ledger.ts';
import { workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { Count, work } from '../steps.ts';
import { heard, inTurns } from '../turns.ts';

/** Far longer than a worker takes to begin. */
const LONG_MS = 8_000;
const SHORT_MS = 10;
const RAMP_PERCENT = 20;
const RAMPED_STARTS = 100;
/** Four standard deviations of that many starts, and a little. */
const RAMP_SLACK_POINTS = 17;
const AT_ONCE = 8;
/** New runs while builds are exchanged: one every so often, however the others do. */
const EVERY_MS = 400;
const BEFORE_MS = 1_000;
const AFTER_MS = 3_000;
const LIMIT_S = 2;

const patient = workChain(LONG_MS);
const PIPELINE = patient.id;
/** As short as it can be: it is starts that are counted. */
const brisk = definePipeline(PIPELINE, Count)
  .step('one', work, ({ input }) => ({ n: input.n }), { ms: SHORT_MS })
  .output(Count, ({ one }) => ({ n: one.n }));

export const r10: Row = {
  id: 'R10',
  title: 'a new build of the workers rolled out, by a ramp, wholly, and back with all its workers killed',
  limitMs: 600_000,
  play: (place: Place) => withScene(place, { name: 'R10', settings: buildOf('v1') }, rollOut),
};

const buildOf = (build: string) => ({
  SLUICE_WORKER_VERSIONING: '1',
  SLUICE_BUILD_ID: build,
  SLUICE_CONCURRENCY: '100',
});

async function rollOut(scene: Scene): Promise<readonly Figure[]> {
  const { client } = scene.runtime;
  const v1 = await scene.startWorker();
  await heard(() => client.setCurrentVersion('v1'));
  await serve(scene, patient, 'patient', LONG_MS);
  const first = Array.from({ length: IN_FLIGHT }, (_, n) => begin(scene, n));
  let over = 0;
  for (const run of first)
    run.then(
      () => over++,
      () => over++,
    );
  await scene.ledger.until('runs on v1', (lines) => underWay(lines, v1.pid).length >= IN_FLIGHT);

  const startV2 = () => scene.startWorker({ environment: { ...scene.environment, ...buildOf('v2') } });
  const v2 = await startV2();
  await heard(() => client.rampVersion('v2', RAMP_PERCENT));
  const inFlight = IN_FLIGHT - over;
  await serve(scene, brisk, 'brisk', SHORT_MS);
  const ramped = await inTurns(RAMPED_STARTS, AT_ONCE, (n) => begin(scene, n));

  const promoted = await exchange(scene, () => client.setCurrentVersion('v2'));
  const second = Array.from({ length: IN_FLIGHT }, (_, n) => begin(scene, n, patient));
  await scene.ledger.until('runs on v2', (lines) => underWay(lines, v2.pid).length >= IN_FLIGHT);
  await v2.kill();
  const rolledBack = await exchange(scene, () => client.setCurrentVersion('v1'));
  const again = await startV2();

  const all = await Promise.all([...first, ...ramped, ...promoted.runs, ...second, ...rolledBack.runs]);
  const pidsOf = Map.groupBy(startsIn(scene.ledger.lines()), ({ key }) => key.slice(0, key.indexOf(':')));
  const on = ({ runId }: Ended) => new Set<string>(pidsOf.get(runId)?.map(({ pid }) => (pid === v1.pid ? 'v1' : 'v2')));
  const isOn = (build: string) => (ended: Ended) => on(ended).has(build);
  const [begun, split, later] = await Promise.all([first, ramped, second].map((runs) => Promise.all(runs)));
  const percent = (100 * split!.filter(isOn('v2')).length) / RAMPED_STARTS;
  const lastOn = async (build: string, { runs, givenAt }: Exchanged) =>
    Math.max(0, ...(await Promise.all(runs)).filter(isOn(build)).map(({ startedAt }) => (startedAt - givenAt) / 1_000));
  return [
    atLeast('in flight on v1 when v2 took its part', inFlight, IN_FLIGHT),
    exactly('of them, finished on v1', begun!.filter((run) => isRight(run) && !isOn('v2')(run)).length, IN_FLIGHT),
    noted(`starts on v2 at ${RAMP_PERCENT} %, of ${RAMPED_STARTS}, in percent`, percent),
    atMost('which is off by, in points', Math.abs(percent - RAMP_PERCENT), RAMP_SLACK_POINTS),
    noted('setting v2 current took', promoted.tookMs / 1_000, 's'),
    atMost('last start on v1 after the promotion was given', await lastOn('v1', promoted), LIMIT_S, 's'),
    exactly(
      'in flight on v2 when its workers were killed, finished on v2',
      later!.filter((run) => isRight(run) && !isOn('v1')(run)).length,
      IN_FLIGHT,
    ),
    noted('setting v1 current took', rolledBack.tookMs / 1_000, 's'),
    atMost('last start on v2 after the rollback was given', await lastOn('v2', rolledBack), LIMIT_S, 's'),
    noted('runs in all', all.length),
    noted('of them in an arm of an experiment', all.filter(({ arms }) => arms !== '{}').length),
    exactly('runs failed or wrong', all.filter((run) => !isRight(run)).length, 0),
    exactly('runs on two builds', all.filter((run) => on(run).size !== 1).length, 0),
    exactly('runs that changed plan or arm', all.filter(({ isAsServed }) => !isAsServed).length, 0),
    exactly('effects applied twice', tally(scene.ledger.lines()).duplicateEffects, 0),
    noted('process of v2 after its restart', again.pid),
  ];
}

interface Ended {
  readonly n: number;
  readonly runId: string;
  readonly startedAt: number;
  /** So much its steps add. */
  readonly steps: number;
  readonly output: unknown;
  readonly arms: string;
  /** Plan and arms are those that it was served with. */
  readonly isAsServed: boolean;
}

let units = 0;

/** One run of what is served to a unit of its own; or of a pipeline, in no experiment. */
async function begin(scene: Scene, n: number, pipeline?: Runnable): Promise<Ended> {
  const { client } = scene.runtime;
  const startedAt = Date.now();
  const served = pipeline ?? (await client.serve(brisk, { n }, { unit: `unit-${units++}` }));
  const { runId, finished } = await client.start(served, { n });
  const { output, planId: ranPlan, arms } = await finished;
  const isAsServed = ranPlan === planId(served.plan) && JSON.stringify(arms) === JSON.stringify(armsOf(served.served));
  return { n, runId, startedAt, steps: served.plan.nodes.length, output, arms: JSON.stringify(arms), isAsServed };
}

const armsOf = (served: Pick<Served, 'assignments'> | undefined) =>
  Object.fromEntries((served?.assignments ?? []).map(({ experiment, arm }) => [experiment, arm]));

const isRight = ({ n, steps, output }: Ended): boolean => (output as { readonly n?: number } | null)?.n === n + steps;

/** Deploys the pipeline, whatever that ends, with an experiment on it. */
async function serve(
  { runtime: { client, store } }: Scene,
  { plan }: Runnable,
  name: string,
  ms: number,
): Promise<void> {
  await client.deploy({ pipeline: PIPELINE, plan, by: 'chaos', why: name, force: true });
  const slower = { node: 'one', facet: 'config', config: { ms: ms + 1 } } as const;
  const [baseline, variant] = specOf(name, PIPELINE).arms;
  const arms = [
    { ...baseline!, weight: 0.5 },
    { ...variant!, weight: 0.5, edits: [slower] },
  ];
  await startOf({ store }, name, PIPELINE, { spec: { arms, share: 1 } });
}

interface Exchanged {
  readonly runs: readonly Promise<Ended>[];
  /** When the change was given, and how long it took to be set. */
  readonly givenAt: number;
  readonly tookMs: number;
}

/** New runs before, during and after the change of builds. */
async function exchange(scene: Scene, change: () => Promise<unknown>): Promise<Exchanged> {
  const runs: Promise<Ended>[] = [];
  const timer = setInterval(() => {
    const run = begin(scene, runs.length);
    runs.push(run);
    run.catch(() => undefined); // told to whoever awaits it
  }, EVERY_MS);
  try {
    await delay(BEFORE_MS);
    const givenAt = Date.now();
    await change();
    const tookMs = Date.now() - givenAt;
    await delay(AFTER_MS);
    return { runs, givenAt, tookMs };
  } finally {
    clearInterval(timer);
  }
}
