/** What every route of the API has: the parts it is made with, and what is known of the request it is in. */
import type { EncryptionKeys } from '../config/encryption-keys.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import type { RowSchemas } from '../evaluation/dataset-row.ts';
import type { DefinedMonitors, Pipelines } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Scope } from '../store/api-keys.ts';

/** Whoever a key stands for. */
export interface Caller {
  readonly keyId: string;
  /** The key's name, as audit rows have it: `key:<name>`. */
  readonly name: string;
  /** Runs of the same owner are the caller's own. */
  readonly owner: string;
  readonly scopes: readonly Scope[];
}

/** Hono's environment. `caller` is there behind `requireScope` alone. */
export interface ServerEnv {
  readonly Variables: {
    readonly requestId: string;
    caller: Caller;
    /** The request came over TLS, as a trusted proxy says. */
    isTls: boolean;
    /** Why a request was one too many. */
    refusal?: string;
  };
}

export interface ServerLimits {
  /** Bytes of a request's body. */
  readonly bodyBytes: number;
  /** Requests of one key in a second. */
  readonly requestsPerSecond: number;
  /** Requests with a wrong key, of one address in a minute. More get 429; valid keys are always answered. */
  readonly refusedPerMinute: number;
  /** Runs that are waited for at a time; more are answered with 429. */
  readonly runsAtOnce: number;
  /** A run that takes longer is answered with 202 and its id. */
  readonly waitMs: number;
}

export interface ServerDependencies {
  readonly runtime: Pick<Runtime, 'client' | 'connection' | 'store' | 'streams' | 'temporal'> &
    Partial<Pick<Runtime, 'diskSpace'>>;
  readonly pipelines: Pipelines;
  /** What examples of a dataset are checked against, by its name; default: their form alone. */
  readonly rowSchemas?: ReadonlyMap<string, RowSchemas>;
  /** Scorers of a pipeline's evaluations and experiments; default: none. */
  readonly scorersOf?: (pipeline: string) => readonly AnyScorer[];
  /** Monitors that the code defines, which can be started; default: none. */
  readonly definedMonitors?: DefinedMonitors;
  /** For what is made of runs that may be older than the rules; default: none. */
  readonly redaction?: Redaction;
  readonly limits: ServerLimits;
  /** Origins whose pages may ask; none by default. */
  readonly origins?: readonly string[];
  /** Addresses and networks of proxies whose X-Forwarded-Proto is believed; none by default. */
  readonly proxies?: readonly string[];
  /** Given where payloads are encrypted: then the codec endpoint is there. */
  readonly encryption?: EncryptionKeys;
  readonly version: string;
  /** Within that every run has ended; default 10 minutes. */
  readonly runDeadlineMs?: number;
  /** Told each request that was answered, and each that broke. */
  readonly log: (entry: LogEntry) => void;
}

/** One line of the access log: data, so that nothing that a request says can look like another line. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly requestId: string;
  readonly method: string;
  /** Without the query, which may hold anything. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** The key's name; null without a valid one. */
  readonly key: string | null;
  readonly address: string | null;
  /** Of a request that broke. */
  readonly error?: string;
}
