/**
 * What a command works with: a store, a client and, where asked, a worker, over embedded or real servers. `startRuntime`
 * owns what it starts; `connectRuntime` attaches to what runs already.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { SluiceError } from '../base/errors.ts';
import { type Undo, unwind } from '../base/unwind.ts';
import type { Config } from '../config/config.ts';
import {
  claimFolder,
  publishServing,
  readServers,
  releaseFolder,
  type Servers,
  type Serves,
  stateFolder,
} from '../embedded/dev-state.ts';
import { explainOutage, hasEmbeddedServers, requireDiskSpace } from '../embedded/disk-space.ts';
import { endedByItself, keepRunning, type RestartableServer, type ServerProcess } from '../embedded/keep-running.ts';
import { type Postgres, resolvePostgres } from '../embedded/postgres.ts';
import { findTemporalCli } from '../embedded/temporal-cli.ts';
import { startTemporalServer, type TemporalServer, temporalLog } from '../embedded/temporal-server.ts';
import { uiOf } from '../embedded/temporal-ui.ts';
import { openDatabase } from '../store/database.ts';
import { dataConverterOf } from '../temporal/encryption.ts';
import { connectTemporal } from '../temporal/temporal.ts';
import type { WorkerProcess } from '../worker/worker.ts';
import { type Attached, attach, cacheFolder, type MakeImplementations, temporalFolder, work } from './attach.ts';

export type { MakeImplementations } from './attach.ts';
export type Progress = (message: string) => void;

export interface Runtime extends Attached {
  /** Present where a worker runs in this process. */
  readonly worker?: WorkerProcess;
  /** Whether the Temporal server, and so every address in its UI, ends with this runtime. */
  readonly isEphemeral: boolean;
  /** Rejects when a server or the worker that was started here ends without being stopped; never resolves. */
  readonly failed: Promise<never>;
  /** Ends everything that was started, in the order that loses nothing: worker, connections, servers. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The project's folder; state is kept in its `.sluice`. */
  readonly folder: string;
  readonly config: Config;
  /** Whether others may use what is started (default), or it is for one command only. */
  readonly serves?: Serves;
  /** The steps a worker in this process runs; absent: no worker. */
  readonly implementations?: MakeImplementations;
  readonly onProgress?: Progress;
}

/**
 * Starts what the config does not name (Temporal, the database), and a worker.
 *
 * @throws SluiceError `already_serving`, `folder_busy`, `port_taken`, `temporal_cli_missing`, `temporal_start_failed`,
 * `temporal_unreachable`, `database_unreachable`, and the like: everything that was started by then is stopped.
 */
export async function startRuntime(options: StartOptions): Promise<Runtime> {
  const { folder, config, serves = 'folder', implementations, onProgress = () => undefined } = options;
  await claimFolder(folder, serves);
  const undo: Undo = [() => releaseFolder(folder)];
  try {
    if (hasEmbeddedServers(config)) await requireDiskSpace(stateFolder(folder));
    const [server, postgres] = await both(
      startServer(folder, config, onProgress).then((server) => keep(undo, server)),
      startPostgres(folder, config, onProgress).then((postgres) => keep(undo, postgres)),
    );
    const embedded = server && { address: server.address, namespace: 'default' };
    const temporal = await connectTemporal(dataConverterOf(config), embedded);
    undo.push(() => temporal.close());
    const place = server ?? { address: temporal.address, uiUrl: uiOf(config, temporal.address) };
    const database = openDatabase(postgres.url, { explainOutage: explainOutage(config, stateFolder(folder)) });
    undo.push(() => database.close());
    const attached = attach(
      { folder, config, temporal, place: () => place, database, databaseUrl: postgres.url },
      undo,
    );
    const worker = implementations && (await work({ folder, config, implementations }, attached, temporal, undo));
    const publish = () =>
      publishServing(folder, serves, {
        temporal: { ...attached.temporal, ...(server && { pid: server.pid }) },
        databaseUrl: postgres.url,
      });
    await publish();
    const servers: readonly EmbeddedServer[] = [
      ...(server ? [{ name: 'embedded Temporal server', server, logFile: temporalLog(temporalFolder(folder)) }] : []),
      ...(postgres.embedded ? [{ name: 'embedded database', server: postgres.embedded }] : []),
    ];
    // Other commands use what serves a folder, so it is kept running; a single command ends, and can be given again.
    const parts = servers.map(({ server, ...part }) => {
      if (serves === 'command') return { ...part, ended: server.ended };
      const options = { name: part.name, server, folder: stateFolder(folder), onProgress, onRestarted: publish };
      const { ended, stopRestarting } = keepRunning(options);
      undo.push(stopRestarting);
      return { ...part, ended };
    });
    return runtimeOf(attached, {
      folder,
      worker,
      undo,
      parts,
      isEphemeral: serves === 'command' && server !== undefined,
    });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

/**
 * Attaches to the servers that `sluice dev` runs for this folder, or to the real ones that the config names. A `sluice dev`
 * that is stopped and started again is found again, also at other addresses.
 *
 * @throws SluiceError `nothing_running`, or what connecting throws.
 */
export async function connectRuntime(
  options: Pick<StartOptions, 'folder' | 'config' | 'implementations'>,
): Promise<Runtime> {
  const { folder, config, implementations } = options;
  const servers = await readServers(folder);
  const databaseUrl = config.databaseUrl ?? servers?.databaseUrl;
  if (databaseUrl === undefined || !(config.temporalConfigured || servers)) throw nothingRunning(folder);
  const undo: Undo = [];
  try {
    const followed = config.temporalConfigured ? undefined : await followTemporal(folder, servers!.temporal);
    if (followed) undo.push(() => followed.stop());
    const embedded = followed && { address: followed.address, namespace: followed.server.namespace };
    const temporal = await connectTemporal(dataConverterOf(config), embedded);
    undo.push(() => temporal.close());
    const configured = { address: temporal.address, uiUrl: uiOf(config, temporal.address) };
    const place = () => followed?.server ?? configured;
    if (config.databaseUrl !== undefined) await resolvePostgres({ databaseUrl, folder: stateFolder(folder) });
    const findUrl = async () => config.databaseUrl ?? (await readServers(folder))?.databaseUrl;
    const database = openDatabase(databaseUrl, { findUrl, explainOutage: explainOutage(config, stateFolder(folder)) });
    undo.push(() => database.close());
    const attached = attach({ folder, config, temporal, place, database, databaseUrl }, undo);
    const worker = implementations && (await work({ folder, config, implementations }, attached, temporal, undo));
    return runtimeOf(attached, { folder, worker, undo, parts: [], isEphemeral: false });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

async function startServer(folder: string, config: Config, onProgress: Progress): Promise<TemporalServer | undefined> {
  if (config.temporalConfigured) return undefined;
  const cli = await findTemporalCli({ given: config.temporalCli, cache: cacheFolder(folder, config), onProgress });
  onProgress('starting Temporal');
  return startTemporalServer({ cli: cli.path, folder: temporalFolder(folder), ports: config.ports });
}

function startPostgres(folder: string, config: Config, onProgress: Progress): Promise<Postgres> {
  return resolvePostgres({
    folder: join(stateFolder(folder), 'postgres'),
    ...(config.databaseUrl !== undefined && { databaseUrl: config.databaseUrl }),
    ...(config.ports.database !== undefined && { port: config.ports.database }),
    onProgress,
  });
}

interface EmbeddedServer {
  readonly name: string;
  readonly server: RestartableServer;
  /** Absent for the database: its log could hold content, which an erasure would miss. */
  readonly logFile?: string;
}

interface Ownership {
  readonly folder: string;
  readonly worker: WorkerProcess | undefined;
  readonly undo: Undo;
  /** The servers that were started here, each with the reason of its end when it comes. */
  readonly parts: readonly (Omit<EmbeddedServer, 'server'> & Pick<ServerProcess, 'ended'>)[];
  readonly isEphemeral: boolean;
}

function runtimeOf(attached: Attached, { folder, worker, undo, parts, isEphemeral }: Ownership): Runtime {
  let isStopping = false;
  const failed = new Promise<never>((_, reject) => {
    worker?.ended.catch((error) => isStopping || reject(error));
    for (const { ended, ...part } of parts)
      ended.then(async (why) => isStopping || reject(await endedByItself({ ...part, why, folder })));
  });
  failed.catch(() => undefined); // the caller that waits for it gets the error
  return Object.freeze({
    ...attached,
    ...(worker && { worker }),
    isEphemeral,
    failed,
    async stop() {
      isStopping = true;
      await unwind(undo);
    },
  });
}

function keep<T extends { stop(): Promise<void> } | undefined>(undo: Undo, started: T): T {
  if (started) undo.push(() => started.stop());
  return started;
}

/** Waits for both also when one fails, so that what the other started is known and can be stopped. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

function nothingRunning(folder: string): SluiceError {
  return new SluiceError('nothing_running', {
    message: `nothing serves ${folder}, and no servers are configured`,
    remedy: 'start the embedded ones with: sluice dev (or set TEMPORAL_ADDRESS and DATABASE_URL)',
  });
}

// A loopback port that forwards to the Temporal server of a folder, at its current port. Temporal's clients keep
// the address that they were made with; each new connection of theirs reads the state file again here.

/** A client and a worker need a handful. */
const MAX_CONNECTIONS = 64;

export interface FollowedTemporal {
  /** For clients; a connection is closed at once while nothing serves the folder. */
  readonly address: string;
  /** The server that the last connection led to. */
  readonly server: Servers['temporal'];
  stop(): Promise<void>;
}

export async function followTemporal(folder: string, first: Servers['temporal']): Promise<FollowedTemporal> {
  let server = first;
  const open = new Set<Socket>();
  const forward = async (incoming: Socket): Promise<void> => {
    open.add(incoming);
    incoming.once('close', () => open.delete(incoming)).on('error', () => undefined);
    const found = (await readServers(folder))?.temporal;
    if (found === undefined) return void incoming.destroy();
    server = found;
    const [host, port] = found.address.split(':');
    const outgoing = connect({ host: host!, port: Number(port), noDelay: true });
    pipeline(incoming, outgoing, incoming, () => outgoing.destroy());
  };
  const listener = createServer({ noDelay: true }, (incoming) => void forward(incoming));
  listener.maxConnections = MAX_CONNECTIONS;
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get server() {
      return server;
    },
    async stop() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
