/** Where people look at Temporal: the UI of the embedded server, or of a real one as configured. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import getPort from 'get-port';
import { OWN } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { withPrivateUmask } from '../base/private-folder.ts';
import type { Config } from '../config/config.ts';

/** Where the embedded Temporal server and its UI listen, if they may. */
export const USUAL_PORTS = { temporal: 7233, temporalUi: 8233 } as const;

export interface PortWish {
  /** What the port is for, in the error. */
  readonly what: string;
  /** The setting that asks for a port, and what it asks. */
  readonly setting: string;
  readonly asked?: number | undefined;
  /** Taken where it is free. */
  readonly usual: number;
}

/**
 * @throws SluiceError `port_taken` when a port was asked for and something listens there.
 */
export async function choosePort({ what, setting, asked, usual }: PortWish): Promise<number> {
  const port = await getPort({ port: asked ?? usual, host: '127.0.0.1' });
  if (asked === undefined || port === asked) return port;
  throw new SluiceError('port_taken', {
    message: `port ${asked} for ${what} is taken`,
    remedy: `stop what listens there, set ${setting} to another port, or unset it to have a free one chosen`,
    data: { port: asked, setting },
  });
}

export interface TemporalUi {
  readonly uiUrl: string;
  readonly namespace: string;
}

/** The UI of a real server: as configured, else where Temporal's own images serve it. */
export function uiOf(config: Config, address: string): string {
  return config.temporalUi ?? `http://${address.split(':')[0]}:${USUAL_PORTS.temporalUi}`;
}

/** The UI of what the config names, or of the embedded server as it usually starts; asks no server. */
export function expectedUi(config: Config): TemporalUi {
  if (!config.temporalConfigured)
    return {
      uiUrl: `http://localhost:${config.ports.temporalUi ?? USUAL_PORTS.temporalUi}`,
      namespace: 'default',
    };
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  return { uiUrl: uiOf(config, connectionOptions.address ?? 'localhost'), namespace };
}

export function workflowUrl({ uiUrl, namespace }: TemporalUi, workflowId: string): string {
  return `${uiUrl}/namespaces/${namespace}/workflows/${workflowId}`;
}

// The embedded Temporal server's UI, for the browsers of this machine. A page of another site reaches nothing: the Host
// must be this address (a defence against DNS rebinding), and a request that changes something must come from a page of
// this address. Data comes from Temporal's HTTP API, which answers only to a random Host that this proxy knows.

const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const CONNECTIONS = 200;
const API = '/api/v1/';
/** The one path of the API that the UI's own server answers. */
const UI_SETTINGS = '/api/v1/settings';
/** Payloads as they are, as the UI's own server gives them. */
const API_TYPE = 'application/json+no-payload-shorthand';
/** Headers that concern one connection, or that would name this proxy's address to the server behind. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(['host', 'origin', 'connection', 'keep-alive', 'upgrade']);

export interface TemporalApi {
  readonly port: number;
  /** The only Host that it answers. */
  readonly host: string;
}

export interface UiProxyOptions {
  readonly cli: string;
  /** For the log of the server of the UI's files. */
  readonly folder: string;
  readonly port: number;
  readonly api: TemporalApi;
}

export interface UiProxy {
  stop(): Promise<void>;
}

/** A Host that no page can guess. */
export const createApiHost = (): string => `${randomBytes(16).toString('hex')}.invalid`;

/** @throws the error of the system, `EADDRINUSE`, where the port is taken. */
export async function startUiProxy({ cli, folder, port, api }: UiProxyOptions): Promise<UiProxy> {
  const hosts = new Set([`localhost:${port}`, `127.0.0.1:${port}`]);
  const origins = new Set([...hosts].map((host) => `http://${host}`));
  let files: Promise<UiFiles> | undefined;

  async function filesPort(): Promise<number> {
    files ??= startUiFiles(cli, folder);
    files.catch(() => {
      files = undefined;
    });
    return (await files).port;
  }
  async function stopFiles(): Promise<void> {
    const started = files;
    files = undefined;
    await started?.then(
      (running) => running.stop(),
      () => undefined,
    );
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hosts.has(incoming.headers.host ?? '')) return refuse(response, 403, 'this Host is not served here');
    const { method = 'GET', url = '/' } = incoming;
    const isReading = method === 'GET' || method === 'HEAD';
    if (!isReading && !origins.has(incoming.headers.origin ?? ''))
      return refuse(response, 403, 'changes are accepted from pages of this address only');
    const { pathname, search } = new URL(url, 'http://localhost');
    const path = pathname + search;
    if (pathname.startsWith(API) && pathname !== UI_SETTINGS)
      return forward({ incoming, response, path, port: api.port, headers: headersForApi(incoming, api) });
    try {
      await forward({ incoming, response, path, port: await filesPort(), headers: headersOf(incoming) });
    } catch (error) {
      await stopFiles(); // the next request starts it again
      throw error;
    }
  }

  const limits = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS };
  const server = createServer(limits, (incoming, response) => {
    answer(incoming, response).catch(() => refuse(response, 502, 'the embedded Temporal server does not answer'));
  });
  server.maxConnections = CONNECTIONS;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, stopFiles()]);
    },
  };
}

interface Forwarding {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly port: number;
  readonly headers: OutgoingHttpHeaders;
}

/** Rejects when the server behind does not answer. */
async function forward({ incoming, response, path, port, headers }: Forwarding): Promise<void> {
  const outgoing = request({ host: '127.0.0.1', port, path, method: incoming.method, headers });
  response.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
  const [answered] = (await once(outgoing, 'response')) as [IncomingMessage];
  response.writeHead(answered.statusCode ?? 502, {
    ...answered.headers,
    ...(answered.headers['content-type']?.startsWith(API_TYPE) && { 'content-type': 'application/json' }),
    // A page of another site could show this one in a frame and have its visitor click there.
    'x-frame-options': 'DENY',
  });
  answered.pipe(response);
  answered.once('error', () => response.destroy());
}

function headersOf(incoming: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !NOT_FORWARDED.has(name)));
}

function headersForApi(incoming: IncomingMessage, { host }: TemporalApi): OutgoingHttpHeaders {
  const { 'content-type': type, ...headers } = headersOf(incoming);
  return { ...headers, host, accept: API_TYPE, ...(type !== undefined && { 'content-type': API_TYPE }) };
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${why}\n`);
}

// The files of Temporal's UI. Only Temporal's development server carries them, and its UI port hands out all data to any
// Host, so they come from a second development server, which has no data. It starts at the first visit.

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;
/** Runs a program until standard input ends, as it does when this process is killed. */
const UNTIL_STDIN_ENDS = '"$0" "$@" & program=$!; read -r line; kill "$program"; wait "$program"';

export interface UiFiles {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * @param folder for its log
 * @throws SluiceError `temporal_ui_failed` when it does not answer within 30 s.
 */
export async function startUiFiles(cli: string, folder: string): Promise<UiFiles> {
  const port = await getPort({ host: '127.0.0.1' });
  const grpcPort = await getPort({ host: '127.0.0.1' });
  const logFile = join(folder, 'temporal-ui.log');
  const log = await open(logFile, 'w', OWN);
  const ports = ['--port', String(grpcPort), '--ui-port', String(port)];
  const program = [cli, 'server', 'start-dev', '--ip', '127.0.0.1', ...ports, '--log-level', 'warn'];
  const child = withPrivateUmask(() =>
    spawn('/bin/sh', ['-c', UNTIL_STDIN_ENDS, ...program], { detached: true, stdio: ['pipe', log.fd, log.fd] }),
  );
  const ended = once(child, 'close');
  await log.close();
  const stop = async () => {
    child.stdin?.end();
    const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  };
  const giveUpAt = performance.now() + START_LIMIT_MS;
  while (!(await answers(port))) {
    if (performance.now() > giveUpAt) {
      await stop();
      throw new SluiceError('temporal_ui_failed', {
        message: `the files of the Temporal UI are not served after ${START_LIMIT_MS / 1_000} s`,
        remedy: `read ${logFile} and load the page again`,
      });
    }
    await delay(POLL_MS);
  }
  return { port, stop };
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
