/**
 * The embedded Temporal server: Temporal's own development server, with its state in one SQLite file, and its UI behind a
 * proxy. The flags matter: with the default poll rates each dispatch waits for a 50 ms tick.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import getPort from 'get-port';
import { OWN } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { makePrivateFolder, withPrivateUmask } from '../base/private-folder.ts';
import { type Undo, unwind } from '../base/unwind.ts';
import { SEARCH_ATTRIBUTE_TYPES } from '../temporal/temporal.ts';
import { type RestartableServer, type ServerProcess, startRestartable } from './keep-running.ts';
import { choosePort, createApiHost, startUiProxy, type TemporalApi, USUAL_PORTS } from './temporal-ui.ts';

const START_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 1_000;
const POLL_MS = 50;
const POLLED_QUEUES = ['transfer', 'timer', 'visibility', 'outbound'];
const POLLS_PER_SECOND = 2_000;
/**
 * A history is deleted when the end of its execution has been acknowledged; the default is 30 s, for which an erasure would
 * wait.
 */
const ACKNOWLEDGE_EVERY = '"500ms"';
/** Starts that find a chosen port taken, by a program that chose it at the same moment, are tried again so often. */
const START_TRIES = 5;
const PORT_TAKEN = /address already in use/;
/** Timers, and so every wait between attempts, are rounded up to this; the default is a second. */
const TIMER_GRAIN = '10ms';

export interface TemporalServerOptions {
  readonly cli: string;
  /** State and log are kept here. */
  readonly folder: string;
  readonly ports: { readonly temporal?: number; readonly temporalUi?: number };
  /** Whether the UI is served; default true. */
  readonly ui?: boolean;
  /** Whether state survives a restart; default true. */
  readonly persistent?: boolean;
}

export interface TemporalServer extends RestartableServer {
  readonly address: string;
  readonly uiUrl: string;
}

/**
 * Resolves when the server answers. Between choosing a free port and listening there another program may take it: unless
 * that port was asked for, another is chosen.
 *
 * @throws SluiceError `port_taken`, or `temporal_start_failed` with the end of its log.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  await makePrivateFolder(options.folder);
  const isAsked = options.ports.temporal !== undefined || options.ports.temporalUi !== undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (isAsked || tries === START_TRIES || !PORT_TAKEN.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(options: TemporalServerOptions): Promise<TemporalServer> {
  const { cli, folder, ui = true } = options;
  const { port, uiPort } = await choosePorts(options.ports);
  const api = { port: await getPort({ host: '127.0.0.1' }), host: createApiHost() };
  const address = `127.0.0.1:${port}`;
  const undo: Undo = [];
  try {
    if (ui) {
      const proxy = await startUiProxy({ cli, folder, port: uiPort, api });
      undo.push(() => proxy.stop());
    }
    const server = await startRestartable((signal) => launch(options, { port, api, address }, signal));
    undo.push(server.stop);
    return Object.assign(server, { address, uiUrl: `http://localhost:${uiPort}`, stop: () => unwind(undo) });
  } catch (error) {
    await unwind(undo);
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw startFailed((error as Error).message, folder);
    throw error;
  }
}

/**
 * @param signal of a restart, which adds to the log
 * @throws SluiceError `temporal_start_failed`
 */
async function launch(
  options: TemporalServerOptions,
  { port, api, address }: { readonly port: number; readonly api: TemporalApi; readonly address: string },
  signal?: AbortSignal,
): Promise<ServerProcess> {
  const logFile = temporalLog(options.folder);
  const child = await startChild(options.cli, argumentsFor(options, port, api), {
    logFile,
    appends: signal !== undefined,
  });
  const failed = new AbortController();
  const givenUp = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const stop = () => void child.stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    const why = await Promise.race([answers(address, api, givenUp), child.ended]);
    if (why !== undefined) throw startFailed(why, logFile);
    return child;
  } catch (error) {
    failed.abort();
    await child.stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function choosePorts({ temporal, temporalUi }: TemporalServerOptions['ports']) {
  const port = await choosePort({
    ...{ what: 'Temporal', setting: 'SLUICE_TEMPORAL_PORT' },
    ...{ asked: temporal, usual: USUAL_PORTS.temporal },
  });
  const uiPort = await choosePort({
    ...{ what: 'the Temporal UI', setting: 'SLUICE_TEMPORAL_UI_PORT' },
    ...{ asked: temporalUi, usual: USUAL_PORTS.temporalUi },
  });
  return { port, uiPort };
}

/** What the server keeps, in SQLite. */
export const temporalFile = (folder: string): string => join(folder, 'temporal.db');
/** What the server writes: the last start and the restarts after it. */
export const temporalLog = (folder: string): string => join(folder, 'temporal.log');

function argumentsFor({ folder, persistent = true }: TemporalServerOptions, port: number, api: TemporalApi) {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
    ...['--headless', '--http-port', String(api.port)],
    ...(persistent ? ['--db-filename', temporalFile(folder)] : []),
    ...POLLED_QUEUES.flatMap((queue) => dynamic(`history.${queue}ProcessorMaxPollRPS`, POLLS_PER_SECOND)),
    ...POLLED_QUEUES.flatMap((queue) => dynamic(`history.${queue}ProcessorUpdateAckInterval`, ACKNOWLEDGE_EVERY)),
    ...dynamic('history.timerProcessorMaxTimeShift', `"${TIMER_GRAIN}"`),
    ...dynamic('matching.enableFairness', true),
    // A page of any site could otherwise start workflows with a plain form.
    ...dynamic('frontend.httpAllowedHosts', JSON.stringify([api.host])),
    ...Object.entries(SEARCH_ATTRIBUTE_TYPES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

const dynamic = (key: string, value: number | boolean | string) => ['--dynamic-config-value', `${key}=${value}`];

/**
 * Asks until our own server answers; each try has its own limit, so a half-open port cannot hold it up. Another Temporal may
 * have taken the port between its choice and its use, and would answer there.
 */
async function answers(address: string, api: TemporalApi, signal: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      if (!(await isOwnServer(api))) throw new Error(`its HTTP API is not there on port ${api.port}`);
      const connection = await Connection.connect({ address, connectTimeout: CONNECT_LIMIT_MS });
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      return await connection.close();
    } catch (error) {
      if (Date.now() > giveUpAt) throw startFailed(`no answer within ${START_LIMIT_MS} ms (${String(error)})`, address);
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

/**
 * Whether the server that knows our random host name serves its HTTP API. It has all its ports then: one that finds a port
 * taken ends before it serves any.
 */
async function isOwnServer(api: TemporalApi): Promise<boolean> {
  const [own, foreign] = await Promise.all([statusFor(api), statusFor({ ...api, host: createApiHost() })]);
  return own === 200 && foreign === 403;
}

/** Rejects when nothing answers within the limit of one try. */
async function statusFor({ port, host }: TemporalApi): Promise<number | undefined> {
  const asking = request({
    ...{ host: '127.0.0.1', port, path: '/api/v1/namespaces/default', headers: { host }, agent: false },
    signal: AbortSignal.timeout(CONNECT_LIMIT_MS),
  }).end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

function startFailed(why: string, where: string): SluiceError {
  return new SluiceError('temporal_start_failed', {
    message: `the embedded Temporal server did not start: ${why}`,
    remedy: PORT_TAKEN.test(why)
      ? 'another program took the port at that moment: give the command again'
      : `read ${where}; if its state is damaged, move temporal.db away (running executions are lost, answers are not)`,
  });
}

// A server as a child process. It gets a process group of its own, so that Ctrl-C on the terminal reaches only us, and
// we stop it last; its output goes to a log file, whose last errors explain an early end.

/** How long a child may take to end by itself before it is killed. */
const STOP_LIMIT_MS = 10_000;
const SHOWN_LINES = 3;
const ERROR_LINE = /level=(ERROR|FATAL)|^panic:/;

export interface ChildLog {
  readonly logFile: string;
  /** Whether the log of an earlier process is kept. */
  readonly appends: boolean;
}

async function startChild(
  program: string,
  args: readonly string[],
  { logFile, appends }: ChildLog,
): Promise<ServerProcess> {
  const log = await open(logFile, appends ? 'a' : 'w', OWN);
  const begin = (await log.stat()).size;
  const child = withPrivateUmask(() => spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] }));
  // Awaited from here on: one that ends at once has ended before its log is closed here.
  const exited = once(child, 'exit');
  const ended = exited.then(async ([code, signal]) => {
    const output = await readFile(logFile).catch(() => Buffer.alloc(0));
    const shown = causeIn(output.subarray(begin).toString());
    return `it ended (${signal ?? `exit code ${code}`}): ${shown.join(' / ')}`;
  });
  ended.catch(() => undefined); // one that could not be started is reported below
  // Of a process that ends before it has stopped its servers, none is left running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await Promise.race([once(child, 'spawn'), exited]).catch((cause) => {
    process.off('exit', kill);
    throw new Error(`${program} could not be started`, { cause });
  });
  await log.close();
  return { pid: child.pid!, ended, stop: () => stopChild(child, ended) };
}

/** The last lines of a log. A Go program that panics writes a stack at the end: then the last errors before it. */
function causeIn(log: string): readonly string[] {
  const lines = log.trim().split('\n');
  const panic = lines.findIndex((line) => line.startsWith('panic:'));
  const causes = panic === -1 ? lines : lines.slice(0, panic + 1).filter((line) => ERROR_LINE.test(line));
  return causes.slice(-SHOWN_LINES);
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
