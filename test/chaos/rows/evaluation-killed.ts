/**
 * An evaluation through everything at once: workers killed again and again, a provider that answers 429, Temporal restarted,
 * and then Temporal's database lost, so that nobody knows of the workflow any more. Each cell is filled all the same, and
 * hardly a call is made twice.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CALLS_PER_EXAMPLE, SCORERS, VARIANTS } from '../evaluation-steps.ts';
import { atLeast, atMost, exactly, type Figure, noted } from '../figures.ts';
import { callsMade, killOne } from '../killing.ts';
import { tally } from '../ledger.ts';
import type { Place } from '../place.ts';
import type { WorkerProcess } from '../processes.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';
import { startSpeeches } from '../speeches.ts';

const SLOTS = 8;
const WORKERS = 2;
/** What a memo lets be made ahead of what is stored. */
const BATCH = 16;

interface Trouble {
  readonly name: string;
  readonly examples: number;
  readonly kills: number;
  readonly losesTemporal: boolean;
}

export const r27: Row = {
  id: 'R27',
  title: 'evaluation of 1,000 × 3 × 4, kill -9 five times, 20 % 429, Temporal restarted, then its database lost',
  limitMs: 600_000,
  play: (place) => disturb(place, { name: 'R27', examples: 1_000, kills: 5, losesTemporal: true }),
};

export const r28: Row = {
  id: 'R28',
  title: 'evaluation of 60 × 3 × 4, kill -9 with 8 calls in flight, 20 % 429',
  play: (place) => disturb(place, { name: 'R28', examples: 60, kills: 1, losesTemporal: false }),
};

function disturb(place: Place, trouble: Trouble): Promise<readonly Figure[]> {
  const { name, examples, kills, losesTemporal } = trouble;
  return withScene(place, { name, settings: { SLUICE_EVAL_CONCURRENCY: String(SLOTS) } }, async (scene) => {
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => scene.startWorker()));
    const evaluationId = await startSpeeches(scene, `texts-${name}`, examples);
    const calls = examples * CALLS_PER_EXAMPLE;
    const inFlight: number[] = [];
    // Kills in equal parts of the work, Temporal's troubles between them.
    for (let kill = 0; kill < kills; kill += 1) {
      const after = Math.floor((calls * (kill + scene.random.uniform())) / (kills + 2));
      inFlight.push(await killOne(scene, workers, after));
      if (losesTemporal && kill === 1) await restartTemporal(place);
    }
    if (losesTemporal) {
      await callsMade(scene, Math.floor((calls * (kills + 0.5)) / (kills + 2)));
      await loseTemporal(place, scene, workers);
      await scene.runtime.client.resumeEvaluation(evaluationId);
    }
    const ended = await scene.runtime.client.followEvaluation(evaluationId);
    return figuresOf(scene, { ...trouble, evaluationId, state: ended.state, calls, inFlight });
  });
}

async function restartTemporal({ temporal }: Place): Promise<void> {
  await temporal.kill();
  await temporal.start();
}

/** All executions are gone. New workers tell the new server what it must know; the old ones give up what they had. */
async function loseTemporal(place: Place, scene: Scene, workers: WorkerProcess[]): Promise<void> {
  const spares = workers.map(() => scene.spareWorker());
  await place.temporal.kill();
  await Promise.all(workers.map((worker) => worker.kill()));
  for (const suffix of ['', '-wal', '-shm'])
    await rm(join(place.folder, 'temporal', `temporal.db${suffix}`), { force: true });
  await place.temporal.start();
  for (const [at, spare] of spares.entries()) workers[at] = await spare.begin();
}

interface Ended extends Trouble {
  readonly evaluationId: string;
  readonly state: string;
  readonly calls: number;
  readonly inFlight: readonly number[];
}

async function figuresOf({ runtime, ledger }: Scene, ended: Ended): Promise<readonly Figure[]> {
  const { evaluationId, examples, kills, losesTemporal, state, calls, inFlight } = ended;
  const rows = await Array.fromAsync(runtime.store.evaluations.eachResult(evaluationId));
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const { executions, repeated } = tally(ledger.lines());
  const deaths = kills + (losesTemporal ? WORKERS : 0);
  return [
    ...inFlight.map((calls) => atLeast('calls in flight at a kill', calls, IN_FLIGHT)),
    exactly('evaluation completed', Number(state === 'completed'), 1),
    exactly('rows', rows.length, examples * VARIANTS),
    exactly('cells', cells.length, examples * VARIANTS * SCORERS),
    exactly('cells with a score', cells.filter((cell) => cell.state === 'done').length, cells.length),
    exactly('different calls', executions - repeated, calls),
    atMost(`calls made again (${deaths} workers killed)`, repeated, SLOTS * deaths + BATCH),
    noted('of all calls', executions / calls, '×'),
  ];
}
