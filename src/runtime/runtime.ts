/**
 * What a command works with: a store, a client and, where asked, a worker, over embedded or real servers. `startRuntime`
 * owns what it starts; `connectRuntime` attaches to what runs already.
 */
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import type { Implemented } from '../../activities/boundary/implement.ts';
import { SluiceError } from '../errors.ts';
import { type Database, openDatabase } from '../store/database.ts';
import { createStore, type Store } from '../store/store.ts';
import { workflowBundle } from './bundle.ts';
import { createRunClient, type RunClient } from './client.ts';
import type { Config } from './config.ts';
import { claimFolder, publishServing, readServing, releaseFolder, stateFolder } from './dev-state.ts';
import { createIngestClient, type IngestClient } from './ingest-client.ts';
import { installLogging } from './logging.ts';
import { type Postgres, resolvePostgres } from './postgres.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import { connectTemporal, type TemporalConnection } from './temporal.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { startTemporalServer, type TemporalServer } from './temporal-server.ts';
import { type RunningWorker, startWorker } from './worker.ts';

export type Progress = (message: string) => void;

export interface Runtime {
  readonly store: Store;
  readonly client: RunClient & IngestClient;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  readonly connection: Connection;
  readonly databaseUrl: string;
  /** Present where a worker runs in this process. */
  readonly worker?: RunningWorker;
  /** Ends everything that was started, in the order that loses nothing: worker, connections, servers. */
  stop(): Promise<void>;
}

export type MakeImplementations = (dependencies: { readonly store: Store }) => readonly Implemented[];

export interface StartOptions {
  /** The project's folder; state is kept in its `.sluice`. */
  readonly folder: string;
  readonly config: Config;
  /** The steps a worker in this process runs; absent: no worker. */
  readonly implementations?: MakeImplementations;
  readonly onProgress?: Progress;
}

/**
 * Starts what the config does not name (Temporal, the database), and a worker.
 *
 * @throws SluiceError `already_serving`, `port_taken`, `temporal_cli_missing`, `temporal_start_failed`,
 * `temporal_unreachable`, `database_unreachable`, and the like: whatever was started by then is stopped.
 */
export async function startRuntime(options: StartOptions): Promise<Runtime> {
  const { folder, config, onProgress = () => undefined } = options;
  await claimFolder(folder);
  const undo: (() => Promise<void>)[] = [() => releaseFolder(folder)];
  try {
    const [server, postgres] = await both(
      startServer(folder, config, onProgress).then((server) => keep(undo, server)),
      startPostgres(folder, config, onProgress).then((postgres) => keep(undo, postgres)),
    );
    const temporal = await connectTemporal(server && { address: server.address, namespace: 'default' });
    undo.push(() => temporal.close());
    const uiUrl = server?.uiUrl ?? uiOf(config, temporal.address);
    const database = openDatabase(postgres.url);
    undo.push(() => database.close());
    const attached = attach({ config, temporal, uiUrl, database, databaseUrl: postgres.url });
    const worker = options.implementations && (await work(options, attached, temporal, undo));
    await publishServing(folder, {
      temporal: { ...attached.temporal, ...(server && { pid: server.pid }) },
      databaseUrl: postgres.url,
    });
    return Object.freeze({ ...attached, ...(worker && { worker }), stop: () => unwind(undo) });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

/**
 * Attaches to the servers that `sluice dev` runs for this folder, or to the real ones that the config names.
 *
 * @throws SluiceError `nothing_running`, or what connecting throws.
 */
export async function connectRuntime(
  options: Pick<StartOptions, 'folder' | 'config' | 'implementations'>,
): Promise<Runtime> {
  const { folder, config } = options;
  const serving = (await readServing(folder))?.servers;
  const databaseUrl = config.databaseUrl ?? serving?.databaseUrl;
  if (databaseUrl === undefined || !(config.temporalConfigured || serving)) throw nothingRunning(folder);
  const undo: (() => Promise<void>)[] = [];
  try {
    const temporal = await connectTemporal(config.temporalConfigured ? undefined : serving?.temporal);
    undo.push(() => temporal.close());
    const uiUrl = config.temporalConfigured ? uiOf(config, temporal.address) : serving!.temporal.uiUrl;
    if (config.databaseUrl !== undefined) await resolvePostgres({ databaseUrl, folder: stateFolder(folder) });
    const database = openDatabase(databaseUrl);
    undo.push(() => database.close());
    const attached = attach({ config, temporal, uiUrl, database, databaseUrl });
    const worker = options.implementations && (await work(options, attached, temporal, undo));
    return Object.freeze({ ...attached, ...(worker && { worker }), stop: () => unwind(undo) });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

const cacheFolder = (folder: string, config: Config) => config.cache ?? join(stateFolder(folder), 'cache');

async function startServer(folder: string, config: Config, onProgress: Progress): Promise<TemporalServer | undefined> {
  if (config.temporalConfigured) return undefined;
  const cli = await findTemporalCli({ given: config.temporalCli, cache: cacheFolder(folder, config), onProgress });
  onProgress('starting Temporal');
  return startTemporalServer({ cli: cli.path, folder: join(stateFolder(folder), 'temporal'), ports: config.ports });
}

function startPostgres(folder: string, config: Config, onProgress: Progress): Promise<Postgres> {
  return resolvePostgres({
    folder: join(stateFolder(folder), 'postgres'),
    ...(config.databaseUrl !== undefined && { databaseUrl: config.databaseUrl }),
    ...(config.ports.database !== undefined && { port: config.ports.database }),
    onProgress,
  });
}

interface Parts {
  readonly config: Config;
  readonly temporal: TemporalConnection;
  readonly uiUrl: string;
  readonly database: Database;
  readonly databaseUrl: string;
}

type Attached = Omit<Runtime, 'worker' | 'stop'>;

function attach({ config, temporal, uiUrl, database, databaseUrl }: Parts): Attached {
  const store = createStore(database);
  const { client, namespace, address, connection } = temporal;
  const runs = createRunClient({ temporal: client, store, config, namespace, uiUrl });
  const ingests = createIngestClient({ temporal: client, queue: config.queues.control, urlOf: runs.urlOf });
  return { store, client: { ...runs, ...ingests }, temporal: { address, namespace, uiUrl }, connection, databaseUrl };
}

async function work(
  { folder, config, implementations }: Pick<StartOptions, 'folder' | 'config' | 'implementations'>,
  { store, connection, temporal: { namespace } }: Attached,
  temporal: TemporalConnection,
  undo: (() => Promise<void>)[],
): Promise<RunningWorker> {
  installLogging(config);
  await registerSearchAttributes(connection, namespace);
  const native = await temporal.connectWorker();
  undo.push(() => native.close());
  const worker = await startWorker({
    config,
    connection: native,
    client: temporal.client,
    store,
    implementations: implementations!({ store }),
    workflowBundle: await workflowBundle(cacheFolder(folder, config)),
  });
  undo.push(() => worker.stop());
  return worker;
}

/** The UI of a real server: as configured, else where Temporal's own images serve it. */
function uiOf(config: Config, address: string): string {
  return config.temporalUi ?? `http://${address.split(':')[0]}:8233`;
}

function keep<T extends { stop(): Promise<void> } | undefined>(undo: (() => Promise<void>)[], started: T): T {
  if (started) undo.push(() => started.stop());
  return started;
}

/** Waits for both also when one fails, so that what the other started is known and can be stopped. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
}

function nothingRunning(folder: string): SluiceError {
  return new SluiceError('nothing_running', {
    message: `nothing serves ${folder}, and no servers are configured`,
    remedy: 'start the embedded ones with: sluice dev (or set TEMPORAL_ADDRESS and DATABASE_URL)',
  });
}
