/** Workers that are killed in the middle of their work, and replaced. */
import { setTimeout as delay } from 'node:timers/promises';
import { hold, release } from './hold.ts';
import { startsIn, underWay } from './ledger.ts';
import type { WorkerProcess } from './processes.ts';
import { IN_FLIGHT } from './row.ts';
import type { Scene } from './scene.ts';

const LOOK_MS = 100;

/** Resolves when the steps of the scene's workers have begun so many calls. */
export async function callsMade({ ledger }: Pick<Scene, 'ledger'>, count: number): Promise<void> {
  while (startsIn(ledger.lines()).length < count) await delay(LOOK_MS);
}

/**
 * Kills a worker that has enough calls under way, and puts another in its place. It is held still while they are counted.
 *
 * @param after so many calls must have begun by then
 */
export async function killOne(scene: Scene, workers: WorkerProcess[], after: number): Promise<number> {
  const spare = scene.spareWorker();
  await callsMade(scene, after);
  for (let turn = 0; ; turn += 1) {
    const place = turn % workers.length;
    const victim = workers[place]!;
    process.kill(victim.pid, 'SIGSTOP');
    const inFlight = underWay(scene.ledger.lines(), victim.pid).length;
    if (inFlight >= IN_FLIGHT) {
      await victim.kill();
      workers[place] = await spare.begin();
      return inFlight;
    }
    process.kill(victim.pid, 'SIGCONT');
    await delay(LOOK_MS / 10);
  }
}

/** The same for steps that can be held: they are, until a worker has enough of them, however slow the machine. */
export async function killHolding(scene: Scene, workers: WorkerProcess[], after: number): Promise<number> {
  const spare = scene.spareWorker();
  await callsMade(scene, after);
  const { ledger } = scene;
  hold(ledger.folder);
  const inFlight = (pid: number) => underWay(ledger.lines(), pid).length;
  const find = () => workers.findIndex(({ pid }) => inFlight(pid) >= IN_FLIGHT);
  while (find() < 0) await delay(LOOK_MS);
  const place = find();
  const victim = workers[place]!;
  await victim.kill();
  release(ledger.folder);
  workers[place] = await spare.begin();
  return inFlight(victim.pid);
}
