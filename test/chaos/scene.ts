/** One row's own part of the place: queues, a ledger, a client in this process, and the workers it starts and kills. */
import { join } from 'node:path';
import { Client, type Client as TemporalClient } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Runnable } from '../../src/client/client.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { connectRuntime, type Runtime } from '../../src/host/runtime.ts';
import { type Random, randomFrom } from '../../src/stats/random.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { Place } from './place.ts';
import { type SpareProcess, spawnWorkerProcess, type WorkerOptions, type WorkerProcess } from './processes.ts';

export interface Scene {
  readonly place: Place;
  readonly config: Config;
  /** Of its clients and workers; a worker may have another. */
  readonly environment: { readonly [name: string]: string };
  readonly runtime: Runtime;
  readonly temporal: TemporalClient;
  readonly ledger: Ledger;
  /** Decides the moments of the row: the same for the same seed. */
  readonly random: Random;
  startWorker(options?: Partial<WorkerOptions>): Promise<WorkerProcess>;
  /** A worker that begins only when it is told to. */
  spareWorker(): SpareProcess;
  /** A client of its own, as another process would have. */
  connect(): Promise<Runtime>;
  /** One run with the input `{ n }`. */
  run(pipeline: Runnable, n: number): Promise<Played>;
  /** Starts `count` runs at once, their inputs `{ n: 0 }`, `{ n: 1 }`, and so on, and waits for all. */
  runMany(pipeline: Runnable, count: number): Promise<readonly Played[]>;
  historyOf(workflowId: string): Promise<History>;
}

/** A run as its caller saw it. Times are milliseconds since the epoch. */
export interface Played {
  readonly n: number;
  readonly result: RunResult;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface SceneOptions {
  readonly name: string;
  /** Of clients and workers: `SLUICE_…`. */
  readonly settings?: { readonly [name: string]: string };
}

let counter = 0;

/** Plays `act` in a scene of its own; whatever it started is gone afterwards. */
export async function withScene<Result>(
  place: Place,
  { name, settings = {} }: SceneOptions,
  act: (scene: Scene) => Promise<Result>,
): Promise<Result> {
  const id = `chaos-${name.toLowerCase()}-${process.pid}-${counter++}`;
  const ledger = openLedger(join(place.folder, id));
  const environment = {
    DATABASE_URL: place.databaseUrl,
    TEMPORAL_ADDRESS: place.temporal.address,
    SLUICE_TEMPORAL_UI: 'http://localhost:8233',
    SLUICE_QUEUE_PREFIX: id,
    SLUICE_CACHE: place.cache,
    ...settings,
  };
  const config = readConfig(environment);
  const connect = () => connectRuntime({ folder: ledger.folder, config });
  const runtime = await connect();
  const temporal = new Client({ connection: runtime.connection, namespace: runtime.temporal.namespace });
  const workers: SpareProcess[] = [];
  const spawn = (options: Partial<WorkerOptions> = {}) => {
    const worker = spawnWorkerProcess({ ledger: ledger.folder, environment, ...options });
    workers.push(worker);
    return worker;
  };
  try {
    return await act({
      ...{ place, config, environment, runtime, temporal, ledger, connect },
      random: randomFrom(place.seed + seedOf(name)),
      startWorker: (options) => spawn(options).begin(),
      spareWorker: () => spawn(),
      run: (pipeline, n) => play(runtime, pipeline, n),
      runMany: (pipeline, count) => Promise.all(Array.from({ length: count }, (_, n) => play(runtime, pipeline, n))),
      historyOf: (workflowId) => temporal.workflow.getHandle(workflowId).fetchHistory(),
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await runtime.stop();
  }
}

async function play(runtime: Runtime, pipeline: Runnable, n: number): Promise<Played> {
  const startedAt = Date.now();
  const result = await runtime.client.run(pipeline, { n });
  return { n, result, startedAt, finishedAt: Date.now() };
}

/** Each row has draws of its own, so that adding one row does not move the moments of another. */
const seedOf = (name: string): number => [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
