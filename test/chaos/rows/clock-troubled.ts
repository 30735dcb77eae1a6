/**
 * The clock of an experiment in trouble: its worker is killed, Temporal or the database is restarted, each in the middle of a
 * look, between a look and what it decides, and after that is done. Every look is made once, and so is what it decided. And
 * where Temporal's database is lost, an experiment goes on at its next look when it is resumed.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createExperimentClient, type ExperimentClient } from '../../../src/client/experiment-client.ts';
import { auditLedger } from '../../../src/experiment/audit.ts';
import type { ExperimentRow } from '../../../src/store/experiments.ts';
import { deploy, feed, settingsOf, specOf } from '../../experiment/clock-world.ts';
import { type ClockKeeper, startClockKeeper } from '../clocks.ts';
import { atLeast, exactly, type Figure, noted } from '../figures.ts';
import type { Place } from '../place.ts';
import { onEachDatabase, type RestartableDatabase } from '../restartable-database.ts';
import type { Row } from '../row.ts';
import { type Scene, withScene } from '../scene.ts';

const NAME = 'R30';
const LOOK_EVERY_MS = 200;
const POLL_MS = 50;
const UNITS = 150;
const by = 'chaos';
const why = 'to be troubled';

export const r30: Row = {
  id: NAME,
  title: "an experiment's clock: worker, Temporal and database killed in and after looks, Temporal's database lost",
  limitMs: 900_000,
  play: (place) => onEachDatabase(join(place.folder, NAME), (database) => onDatabase(place, database)),
};

interface World {
  readonly scene: Scene;
  readonly client: ExperimentClient;
  readonly keeper: ClockKeeper;
}

function onDatabase(place: Place, database: RestartableDatabase): Promise<readonly Figure[]> {
  return withScene(place, { name: NAME, settings: { DATABASE_URL: database.url } }, async (scene) => {
    const { temporal, runtime, config, environment } = scene;
    const client = createExperimentClient({
      ...{ temporal, store: runtime.store, queues: config.queues, check: async () => undefined },
    });
    const keeper = await startClockKeeper(environment);
    const world = { scene, client, keeper };
    const troubles = {
      worker: () => keeper.replace(),
      temporal: async () => {
        await place.temporal.kill();
        await place.temporal.start();
      },
      database: () => database.restart(),
    };
    try {
      const figures: Figure[] = [];
      for (const [what, trouble] of Object.entries(troubles))
        figures.push(...(await disturb(world, `${what}-${database.name.toLowerCase()}`, trouble)));
      return [...figures, ...(await lose(world, `lost-${database.name.toLowerCase()}`))];
    } finally {
      await keeper.stop();
    }
  });
}

/** The same trouble at each moment of the looks of one experiment, up to its decision and after it. */
async function disturb(world: World, name: string, trouble: () => Promise<void>): Promise<readonly Figure[]> {
  const { scene, client, keeper } = world;
  const { store } = scene.runtime;
  const row = await start(world, name);
  await untilLooks(world, row, 1);
  await keeper.at('within', trouble, isOf(row));
  await untilLooks(world, row, 2);
  const decided = (moment: { readonly experimentId: string; readonly decision?: string }) =>
    isOf(row)(moment) && moment.decision === 'promote';
  const [looked, acted] = [keeper.at('looked', trouble, decided), keeper.at('acted', trouble, decided)];
  // No look sees half of them.
  await keeper.at('before', () => feed(store, row, { units: UNITS }), isOf(row));
  await Promise.all([looked, acted]);
  await until(async () => (await store.experiments.get(row.experimentId)).state === 'approving');
  await untilLooks(world, row, 1);
  const entries = await store.ledger.entries(row.experimentId, { after: 0, limit: 1_000 });
  await client.steerExperiment(row.experimentId, { action: 'abort', by, why });
  const looks = entries.flatMap(({ lookNo }) => lookNo ?? []);
  return [
    atLeast(`${name}, three times: looks`, looks.length, 3),
    exactly('  gaps in their numbers, or numbers twice', looks.filter((no, index) => no !== index + 1).length, 0),
    exactly('  decisions acted on', entries.filter(({ kind }) => kind === 'act').length, 1),
    exactly('  verdicts that the ledger does not give again', auditLedger(entries).findings.length, 0),
  ];
}

/** Temporal's server begins anew, with an empty database: nobody knows of the workflow. */
async function lose(world: World, name: string): Promise<readonly Figure[]> {
  const { scene, client, keeper } = world;
  const { place, runtime } = scene;
  const row = await start(world, name);
  await untilLooks(world, row, 2);
  await place.temporal.kill();
  for (const suffix of ['', '-wal', '-shm'])
    await rm(join(place.folder, 'temporal', `temporal.db${suffix}`), { force: true });
  await place.temporal.start();
  await keeper.replace();
  const before = await looksOf(world, row);
  await client.steerExperiment(row.experimentId, { action: 'resume', by, why });
  await untilLooks(world, row, 2);
  const looks = await looksOf(world, row);
  const { state } = await runtime.store.experiments.get(row.experimentId);
  await client.steerExperiment(row.experimentId, { action: 'abort', by, why });
  return [
    noted(`${name}: looks when Temporal's database was lost`, before.length),
    exactly('  first look after it was resumed', looks[before.length] ?? 0, before.length + 1),
    exactly('  gaps in their numbers, or numbers twice', looks.filter((no, index) => no !== index + 1).length, 0),
    exactly('  still running', Number(state === 'running'), 1),
  ];
}

async function start({ scene: { runtime }, client }: World, name: string): Promise<ExperimentRow> {
  const spec = specOf(name, { lookEveryMs: LOOK_EVERY_MS, rollout: { approval: 'manual' } });
  await deploy(runtime.store, spec.pipeline);
  return client.startExperiment({ spec, settings: settingsOf(spec), by, why });
}

const isOf =
  ({ experimentId }: ExperimentRow) =>
  (moment: { readonly experimentId: string }): boolean =>
    moment.experimentId === experimentId;

async function looksOf({ scene: { runtime } }: World, { experimentId }: ExperimentRow): Promise<readonly number[]> {
  const entries = await runtime.store.ledger.entries(experimentId, { after: 0, limit: 1_000 });
  return entries.flatMap(({ lookNo }) => lookNo ?? []);
}

async function untilLooks(world: World, row: ExperimentRow, more: number): Promise<void> {
  const before = (await looksOf(world, row)).length;
  await until(async () => (await looksOf(world, row)).length >= before + more);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(POLL_MS);
}
