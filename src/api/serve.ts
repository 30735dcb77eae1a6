/** The API of a runtime, listening. */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { SluiceError } from '../base/errors.ts';
import type { HttpConfig } from '../config/config.ts';
import type { EncryptionKeys } from '../config/encryption-keys.ts';
import type { DefinedMonitors, Pipelines } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { createApp } from './app.ts';
import type { LogEntry, ServerDependencies } from './environment.ts';
import type { App } from './route.ts';

export interface ServeOptions {
  readonly runtime: Runtime;
  readonly pipelines: Pipelines;
  readonly http: HttpConfig;
  readonly version: string;
  /** These as in `ServerDependencies`. */
  readonly runDeadlineMs?: number;
  readonly rowSchemas?: NonNullable<ServerDependencies['rowSchemas']>;
  readonly scorersOf?: NonNullable<ServerDependencies['scorersOf']>;
  readonly definedMonitors?: DefinedMonitors;
  readonly redaction?: Redaction;
  readonly encryption?: EncryptionKeys;
  readonly log: (entry: LogEntry) => void;
}

/** Inputs are refused above 1.5 MB; this is for the JSON around one. */
const BODY_BYTES = 2_000_000;
/** Wrong keys that one address may try in a minute. */
const REFUSED_PER_MINUTE = 60;

/** @throws SluiceError `port_taken` */
export function serveApi({ http, ...options }: ServeOptions): Promise<Listening> {
  const { origins, proxies, requestsPerSecond, runsAtOnce, waitMs } = http;
  const limits = {
    ...{ requestsPerSecond, runsAtOnce, waitMs },
    bodyBytes: BODY_BYTES,
    refusedPerMinute: REFUSED_PER_MINUTE,
  };
  return listen(createApp({ ...options, limits, origins, proxies }), http.listen);
}

/** The HTTP server around the app: its time limits, against clients that are slow on purpose, and its end. */
export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** For the headers of a request; default 10 s. */
  readonly headersMs?: number;
  /** For a whole request, its body included; default 30 s. Answers may take longer. */
  readonly requestMs?: number;
  /** Default 1,000. */
  readonly connections?: number;
}

export interface Listening {
  readonly url: string;
  requestsUnderWay(): number;
  /** Takes no more requests, and lets those under way end, for so long at most. */
  close(graceMs: number): Promise<void>;
}

const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const CONNECTIONS = 1_000;
/** With the address: the longest that the document allows, each of its characters as twelve, is 31,000. */
const HEADER_BYTES = 65_536;

/** @throws SluiceError `port_taken` */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const { host, port, headersMs = HEADERS_MS, requestMs = REQUEST_MS, connections = CONNECTIONS } = options;
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  const serverOptions = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    // How often the two above are looked at.
    connectionsCheckingInterval: Math.min(1_000, headersMs),
    maxHeaderSize: HEADER_BYTES,
    noDelay: true,
  };
  const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, resolve) as Server;
  server.maxConnections = connections;
  server.once('error', reject);
  const underWay = new Set<ServerResponse>();
  const close = createClose(server, underWay);
  const address = await promise.catch((cause) => {
    throw new SluiceError('port_taken', {
      message: `the API cannot listen on ${host}:${port}: ${(cause as Error).message}`,
      remedy: 'set SLUICE_HTTP_LISTEN to an address that is free, such as 127.0.0.1:8080',
      cause,
    });
  });
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return Object.freeze({ url: `http://${shown}:${address.port}`, requestsUnderWay: () => underWay.size, close });
}

/**
 * A client that keeps its connection would go on asking on it: so each answer says that it is the connection's last, and
 * a connection whose answer had begun before is closed after it.
 */
function createClose(server: Server, underWay: Set<ServerResponse>): Listening['close'] {
  let isClosing = false;
  const isLast = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.prependListener('request', (_, response: ServerResponse) => {
    if (isClosing) isLast(response);
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return (graceMs) =>
    new Promise((done) => {
      isClosing = true;
      for (const response of underWay) isLast(response);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      server.close(() => {
        clearTimeout(cut);
        done();
      });
      server.closeIdleConnections();
    });
}
