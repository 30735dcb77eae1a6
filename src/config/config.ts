/**
 * Everything the environment may set, read and checked once. Temporal's own variables (address, namespace, TLS, API
 * key, profile) are left to `@temporalio/envconfig`; ours all begin with `SLUICE_`, except `DATABASE_URL` and the names
 * that the providers' own programs read.
 */
import { SluiceError } from '../base/errors.ts';
import { createSecret, type Secret } from '../base/secret.ts';
import type { LimitRules, PriceRules } from '../model/limit-rules.ts';
import type { RedactionRules } from '../redaction/rules.ts';
import type { RunBudget } from '../store/runs.ts';
import { Environment } from './config-environment.ts';
import type { EncryptionKeys } from './encryption-keys.ts';
import { type TraceConfig, traceConfigOf } from './trace-config.ts';

/** Absent key: the provider's models are refused. Absent address: the provider's own. */
export interface ProviderAccess {
  readonly key?: Secret;
  readonly baseUrl?: string;
}

/** The three task queues: serving, evaluation, and control (ingest, experiments, rollouts, sweeper). */
export interface Queues {
  readonly run: string;
  readonly eval: string;
  readonly control: string;
}

/** How tokens come from workers to who started a run, where those are different processes. */
export interface SinkConfig {
  /** Shared by workers and callers; absent: the folder's own, which is made there. */
  readonly key?: Secret;
  /** Where a caller listens; port 0 is any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Where workers reach the caller, if not where it listens. */
  readonly url?: string;
}

/** The HTTP API. */
export interface HttpConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Origins whose pages may ask; none by default. */
  readonly origins: readonly string[];
  /** Addresses and networks of proxies whose X-Forwarded-Proto is believed; none by default. */
  readonly proxies: readonly string[];
  /** Requests of one key in a second. */
  readonly requestsPerSecond: number;
  /** Runs that one process waits for at a time; more are refused for now. */
  readonly runsAtOnce: number;
  /** A run that takes longer is answered with its id alone. */
  readonly waitMs: number;
}

export interface Config {
  /** A real PostgreSQL; absent: the embedded one. */
  readonly databaseUrl?: string;
  /** Whether the environment names a Temporal server; otherwise the embedded one is started. */
  readonly temporalConfigured: boolean;
  readonly temporalCli?: string;
  /** The address of the Temporal UI, if it is not on the server's host. */
  readonly temporalUi?: string;
  readonly ports: { readonly temporal?: number; readonly temporalUi?: number; readonly database?: number };
  /** Where downloads and built bundles are kept; default `<folder>/.sluice/cache`. */
  readonly cache?: string;
  readonly queues: Queues;
  /** Activities one worker runs at a time. */
  readonly concurrency: number;
  /** Calls that one worker makes at a time for evaluations. */
  readonly evalConcurrency: number;
  /** Runs whose state one worker keeps in memory between workflow tasks. */
  readonly cachedRuns: number;
  /** A run that has no output after this long fails, typed. */
  readonly runDeadlineMs: number;
  /** A call that no worker takes for this long fails, typed. */
  readonly queueLimitMs: number;
  /** What a run may take whose caller does not say. */
  readonly budget: RunBudget;
  /** How often providers may be called. */
  readonly limits: LimitRules;
  /** A call that would have to wait longer for its turn fails for now, and is tried again. */
  readonly limitWaitMs: number;
  /** Hosts that ingests may read pages from, besides the worker's own: `host`, or `host:port`. */
  readonly ingestHosts: readonly string[];
  readonly sink: SinkConfig;
  readonly http: HttpConfig;
  /** What payloads are encrypted with; absent: they are not. */
  readonly encryption?: EncryptionKeys;
  /** What is taken out of inputs, outputs and messages before they are kept. */
  readonly redaction: RedactionRules;
  /** Runs that ended so many days ago lose what they were asked and gave. Absent: it is kept. */
  readonly retentionDays?: number;
  /** Where traces are sent; absent: nowhere. */
  readonly traces?: TraceConfig;
  readonly shutdownGraceMs: number;
  /** The webhook for monitors' alerts, called with signed requests; absent: none. */
  readonly alerts?: { readonly url: string; readonly secret: Secret };
  /** What Temporal's Worker Versioning calls the workers of these queues together. */
  readonly workerDeployment: string;
  /** Worker Versioning, for code rollouts: off unless both of its variables are set. */
  readonly versioning?: { readonly buildId: string };
  /** How models are reached that others serve. */
  readonly providers: { readonly openai: ProviderAccess; readonly cohere: ProviderAccess };
  /** Prices of models, over those of the catalogue. */
  readonly prices: PriceRules;
  /** How much Temporal's own logger says, on standard error. */
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/**
 * Reads the environment into a frozen config.
 *
 * @throws SluiceError `config_invalid`, naming each variable that is wrong and what it takes.
 */
export function readConfig(environment: { readonly [name: string]: string | undefined }): Config {
  // An empty variable is an unset one, as compose files and shells leave them.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new SluiceError('config_invalid', {
      message: `the environment is not valid: ${problems.join('; ')}`,
      remedy: `correct ${[...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))].join(', ')}`,
      data: { problems },
    });
  }
  const env = parsed.data;
  if (env.SLUICE_WORKER_VERSIONING && env.SLUICE_BUILD_ID === undefined)
    throw new SluiceError('config_invalid', {
      message: 'SLUICE_WORKER_VERSIONING is on, but SLUICE_BUILD_ID is not set',
      remedy: 'set SLUICE_BUILD_ID to what identifies this build, such as the commit',
    });
  if (env.SLUICE_ALERT_WEBHOOK !== undefined && env.SLUICE_ALERT_SECRET === undefined)
    throw new SluiceError('config_invalid', {
      message: 'SLUICE_ALERT_WEBHOOK is set, but SLUICE_ALERT_SECRET, which signs what it is sent, is not',
      remedy:
        'set SLUICE_ALERT_SECRET to 24 random characters or more, and check signatures by it where alerts are taken',
    });
  const prefix = env.SLUICE_QUEUE_PREFIX;
  return Object.freeze({
    ...(env.DATABASE_URL !== undefined && { databaseUrl: env.DATABASE_URL }),
    temporalConfigured: [env.TEMPORAL_ADDRESS, env.TEMPORAL_PROFILE, env.TEMPORAL_CONFIG_FILE].some(
      (value) => value !== undefined,
    ),
    ...(env.SLUICE_TEMPORAL_CLI !== undefined && { temporalCli: env.SLUICE_TEMPORAL_CLI }),
    ...(env.SLUICE_TEMPORAL_UI !== undefined && { temporalUi: env.SLUICE_TEMPORAL_UI }),
    ports: Object.freeze({
      ...(env.SLUICE_TEMPORAL_PORT !== undefined && { temporal: env.SLUICE_TEMPORAL_PORT }),
      ...(env.SLUICE_TEMPORAL_UI_PORT !== undefined && { temporalUi: env.SLUICE_TEMPORAL_UI_PORT }),
      ...(env.SLUICE_DATABASE_PORT !== undefined && { database: env.SLUICE_DATABASE_PORT }),
    }),
    ...(env.SLUICE_CACHE !== undefined && { cache: env.SLUICE_CACHE }),
    queues: Object.freeze({ run: `${prefix}-run`, eval: `${prefix}-eval`, control: `${prefix}-control` }),
    concurrency: env.SLUICE_CONCURRENCY,
    evalConcurrency: env.SLUICE_EVAL_CONCURRENCY,
    cachedRuns: env.SLUICE_CACHED_RUNS,
    runDeadlineMs: env.SLUICE_RUN_DEADLINE_MS,
    queueLimitMs: env.SLUICE_QUEUE_LIMIT_MS,
    budget: Object.freeze({ ...(env.SLUICE_BUDGET_USD !== undefined && { usd: env.SLUICE_BUDGET_USD }) }),
    limits: env.SLUICE_LIMITS,
    limitWaitMs: env.SLUICE_LIMIT_WAIT_MS,
    ingestHosts: Object.freeze(env.SLUICE_INGEST_HOSTS),
    sink: Object.freeze({
      ...(env.SLUICE_SINK_KEY !== undefined && { key: createSecret(env.SLUICE_SINK_KEY) }),
      listen: Object.freeze(env.SLUICE_SINK_LISTEN),
      ...(env.SLUICE_SINK_URL !== undefined && { url: env.SLUICE_SINK_URL.replace(/\/+$/, '') }),
    }),
    ...(env.SLUICE_ENCRYPTION_KEYS !== undefined && { encryption: env.SLUICE_ENCRYPTION_KEYS }),
    http: Object.freeze({
      listen: Object.freeze(env.SLUICE_HTTP_LISTEN),
      origins: Object.freeze(env.SLUICE_HTTP_ORIGINS),
      proxies: Object.freeze(env.SLUICE_HTTP_PROXIES),
      requestsPerSecond: env.SLUICE_HTTP_RATE,
      runsAtOnce: env.SLUICE_HTTP_RUNS,
      waitMs: env.SLUICE_HTTP_WAIT_MS,
    }),
    redaction: Object.freeze({
      patterns: env.SLUICE_REDACT,
      fields: env.SLUICE_REDACT_FIELDS,
      custom: env.SLUICE_REDACT_PATTERNS,
    }),
    ...(env.SLUICE_RETENTION_DAYS !== undefined && { retentionDays: env.SLUICE_RETENTION_DAYS }),
    ...traceConfigOf(env),
    shutdownGraceMs: env.SLUICE_SHUTDOWN_GRACE_MS,
    ...(env.SLUICE_ALERT_WEBHOOK !== undefined && {
      alerts: Object.freeze({ url: env.SLUICE_ALERT_WEBHOOK, secret: createSecret(env.SLUICE_ALERT_SECRET!) }),
    }),
    workerDeployment: prefix,
    ...(env.SLUICE_WORKER_VERSIONING && { versioning: { buildId: env.SLUICE_BUILD_ID! } }),
    providers: Object.freeze({
      openai: accessOf(env.OPENAI_API_KEY ?? (env.OPENAI_BASE_URL && NO_KEY), env.OPENAI_BASE_URL),
      cohere: accessOf(env.CO_API_KEY, env.COHERE_BASE_URL),
    }),
    prices: env.SLUICE_PRICES ?? [],
    logLevel: env.SLUICE_LOG,
  });
}

/** Sent to a server of one's own that asks for no key: its SDK needs one. */
const NO_KEY = 'none';

function accessOf(key: string | undefined, baseUrl: string | undefined): ProviderAccess {
  return Object.freeze({
    ...(key !== undefined && { key: createSecret(key) }),
    ...(baseUrl !== undefined && { baseUrl }),
  });
}
