/**
 * A rollout whose new version is gone: its node has a task queue of its own, and every worker of that is killed. Runs that
 * got it fail, the breaker trips, and one write takes it from everybody; what was under way keeps its plan, and finishes
 * when a worker is back.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../../../src/client/run-result.ts';
import type { ExperimentRow } from '../../../src/store/experiments.ts';
import type { AskingSettings, Said } from '../asking-process.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { hold } from '../hold.ts';
import { startsIn, underWay } from '../ledger.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { by, deploySplit, settingsOf, splitSpec, why } from '../split-spec.ts';
import { isOfVariant, type Marks, PLUS, split } from '../split-steps.ts';

const NAME = 'R31';
const PIPELINE = `split-${NAME}`;
const STEP_MS = 20;
/** Calls of the new version before it is gone. */
const BEFORE = 4;
/** Runs of the variant that wait for its worker. */
const WAITING = 12;
const CEILING = 0.1;
/** A call of those who ask waits so long for a worker. */
const QUEUE_LIMIT_MS = 6_000;
const LOOK_MS = 20;
const WATCHED_MS = 5_000;
const MOST_S = 2;

export const r31: Row = {
  id: NAME,
  title: 'every worker of a new version killed while it is rolled out to everybody',
  limitMs: 600_000,
  play: (place) => withScene(place, { name: NAME }, act),
};

async function act(scene: Scene): Promise<readonly Figure[]> {
  const { ledger, runtime } = scene;
  await scene.startWorker();
  const prefix = `${scene.environment.SLUICE_QUEUE_PREFIX}-new`;
  const ofNew = { environment: { ...scene.environment, SLUICE_QUEUE_PREFIX: prefix } };
  const worker = await scene.startWorker(ofNew);
  const { pipeline, experimentId } = await startRollout(scene, `${prefix}-run`);
  const askers = await Promise.all(['ann', 'bob'].map((name) => startAsking(scene, name)));
  await ledger.until('runs of the new version', (lines) => startsIn(lines, worker.pid).length >= BEFORE);

  hold(ledger.folder, worker.pid);
  const waiting = await startWaiting(scene, pipeline);
  await ledger.until('calls of the new version', (lines) => underWay(lines, worker.pid).length >= IN_FLIGHT);
  const killedAt = await worker.kill();
  const inFlight = underWay(ledger.lines(), worker.pid).length;
  const ended = await untilState(scene, experimentId, 'rolled_back');
  await delay(WATCHED_MS);
  const said = await Promise.all(askers.map((asker) => asker.stop()));
  await scene.startWorker(ofNew);
  const finished = await Promise.all(waiting);
  const { kind } = (await runtime.store.deployments.current(PIPELINE))!;
  return [
    atLeast('calls of the new version in flight when it was killed', inFlight, IN_FLIGHT),
    exactly('rolled back by its breaker', Number(ended.reason === 'breaker'), 1),
    exactly('  with what was deployed before', Number(kind === 'deploy'), 1),
    noted('  after the kill', (ended.endedAt! - killedAt) / 1_000, 's'),
    ...said.flatMap((each) => effectOf(each, ended.endedAt!)),
    exactly('runs under way that kept their plan, and finished', finished.filter(isOfNew).length, WAITING),
  ];
}

async function startRollout(scene: Scene, taskQueue: string) {
  const pipeline = split(PIPELINE, STEP_MS);
  const moved = pipeline.variant('moved', (edit) =>
    edit.configure('second', { plus: PLUS.variant }).options('second', { taskQueue }),
  );
  await deploySplit(scene, pipeline);
  const spec = splitSpec('moved-rollout', moved, { share: 0.8, ceiling: CEILING });
  const request = { spec, settings: settingsOf(spec), by, why, winner: moved.name };
  const { experimentId } = await scene.runtime.client.startRollout(request);
  await until(async () => (await scene.runtime.store.experiments.get(experimentId)).ramp === 1);
  return { pipeline, experimentId };
}

/** Runs of units that get the new version, begun and not waited for. */
async function startWaiting({ runtime: { client } }: Scene, pipeline: ReturnType<typeof split>) {
  const finished: Promise<RunResult>[] = [];
  for (let n = 0; finished.length < WAITING; n += 1) {
    const input = { n: 0, breaks: false, goesOn: true };
    const served = await client.serve(pipeline, input, { unit: `waiting-${n}` });
    if (isOfVariant(served.plan)) finished.push((await client.start(served, input)).finished);
  }
  return finished;
}

const isOfNew = ({ outcome, output }: RunResult): boolean =>
  outcome === 'completed' && (output as Marks).second === PLUS.baseline + PLUS.variant;

function effectOf({ decisions, runs, refused }: Said, endedAt: number): readonly Figure[] {
  const last = decisions.findLast(({ isVariant }) => isVariant)!;
  const after = decisions.filter(({ at }) => at > last.at);
  return [
    atLeast('a client: requests that got the new version', decisions.length - after.length, 1),
    atMost('  from the write to the last of them', Math.max(0, last.at - endedAt) / 1_000, MOST_S, 's'),
    atLeast('  requests after it, all with what was before', after.length, 1),
    noted('  runs', runs),
    noted('  runs refused, since no worker was known', refused),
  ];
}

async function untilState({ runtime }: Scene, experimentId: string, state: string): Promise<ExperimentRow> {
  const read = () => runtime.store.experiments.get(experimentId);
  await until(async () => (await read()).state === state);
  return read();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(LOOK_MS);
}

const program = fileURLToPath(new URL('../asking-process.ts', import.meta.url));

/** A process that asks until it is stopped, and then says what it got. */
async function startAsking({ ledger, environment }: Scene, name: string): Promise<{ stop(): Promise<Said> }> {
  const settings: AskingSettings = { folder: ledger.folder, pipeline: PIPELINE, ms: STEP_MS, name };
  const child = fork(program, [JSON.stringify(settings)], {
    env: { PATH: process.env.PATH, ...environment, SLUICE_QUEUE_LIMIT_MS: String(QUEUE_LIMIT_MS) },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`a process that asks ended with ${code}`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async stop() {
      child.send('stop');
      const [said] = (await Promise.race([once(child, 'message'), failed])) as [Said];
      return said;
    },
  };
}
