/** Workers are restarted one after the other under load, as a deployment does it: callers should hardly notice. */
import { atLeast, atMost, exactly, type Figure, noted, quantile } from '../figures.ts';
import { tally, underWay } from '../ledger.ts';
import { isRight, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import type { WorkerProcess } from '../processes.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Played, type Scene, withScene } from '../scene.ts';

/** Runs under way at any time: enough that either worker has eight steps in flight. */
const CALLERS = 20;
/** Short enough to end within the grace, long enough that the machine does more waiting than working. */
const STEP_MS = 2_000;
const BASELINE_RUNS = 20;
const GRACE_MS = 3_000;

export const r5: Row = {
  id: 'R5',
  title: 'rolling restart of two workers by SIGTERM, 20 runs under way',
  play: (place: Place) =>
    withScene(place, { name: 'R5', settings: { SLUICE_SHUTDOWN_GRACE_MS: String(GRACE_MS) } }, async (scene) => {
      const fleet = await Promise.all([scene.startWorker(), scene.startWorker()]);
      const before = await load(scene, (done) => done >= BASELINE_RUNS);
      let restarted = false;
      const loaded = load(scene, (done) => restarted && done >= BASELINE_RUNS);
      const inFlight: number[] = [];
      for (const worker of fleet) {
        inFlight.push(await restart(scene, worker));
      }
      restarted = true;
      return figures(scene, before, await loaded, inFlight);
    }),
};

async function restart(scene: Scene, worker: WorkerProcess): Promise<number> {
  const stepsOf = () => underWay(scene.ledger.lines(), worker.pid).length;
  await scene.ledger.until(`${IN_FLIGHT} steps on worker ${worker.pid}`, () => stepsOf() >= IN_FLIGHT);
  const inFlight = stepsOf();
  await worker.terminate();
  await scene.startWorker();
  return inFlight;
}

/** Callers who each start a run as soon as their last one has answered, until it is enough. */
async function load(scene: Scene, enough: (done: number) => boolean): Promise<readonly Played[]> {
  const played: Played[] = [];
  let next = 0;
  const caller = async () => {
    while (!enough(played.length)) played.push(await scene.run(workChain(STEP_MS), next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return played;
}

function figures(
  scene: Scene,
  before: readonly Played[],
  during: readonly Played[],
  inFlight: readonly number[],
): readonly Figure[] {
  const p95 = (runs: readonly Played[]) =>
    quantile(
      runs.map(({ startedAt, finishedAt }) => (finishedAt - startedAt) / 1_000),
      0.95,
    );
  const { repeated, duplicateEffects } = tally(scene.ledger.lines());
  return [
    atLeast('in flight on each worker when it was asked to end', Math.min(...inFlight), IN_FLIGHT),
    noted('runs during the restarts', during.length),
    exactly('runs failed or wrong', during.filter((run) => !isRight(run)).length, 0),
    exactly('repeated executions', repeated, 0),
    exactly('effects applied twice', duplicateEffects, 0),
    noted('p95 of a run without restarts', p95(before), 's'),
    atMost('added to the p95', p95(during) - p95(before), 2, 's'),
  ];
}
