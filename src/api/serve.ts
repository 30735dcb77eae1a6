/** The API of a runtime, listening. */

import type { HttpConfig } from '../config/config.ts';
import type { EncryptionKeys } from '../config/encryption-keys.ts';
import type { DefinedMonitors, Pipelines } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { createApp } from './app.ts';
import type { LogEntry, ServerDependencies } from './environment.ts';
import { type Listening, listen } from './listen.ts';

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
