/** The variables of the environment that are read, each with what it may be. */
import { z } from 'zod';
import { parseCustomPatterns, parseFieldRules, parsePatternNames } from '../redaction/rules.ts';
import {
  encryptionKeys,
  flag,
  hosts,
  httpAddress,
  key,
  limits,
  listen,
  milliseconds,
  origins,
  parsedBy,
  port,
  prices,
  proxies,
} from './config-values.ts';
import { TRACE_SETTINGS } from './trace-config.ts';

export const Environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TEMPORAL_ADDRESS: z.string().min(1).optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).optional(),
  TEMPORAL_PROFILE: z.string().min(1).optional(),
  TEMPORAL_CONFIG_FILE: z.string().min(1).optional(),
  OPENAI_API_KEY: key.optional(),
  OPENAI_BASE_URL: httpAddress.optional(),
  CO_API_KEY: key.optional(),
  COHERE_BASE_URL: httpAddress.optional(),
  SLUICE_PRICES: prices.optional(),
  SLUICE_TEMPORAL_CLI: z.string().min(1).optional(),
  SLUICE_TEMPORAL_UI: z.url({ protocol: /^https?$/ }).optional(),
  SLUICE_TEMPORAL_PORT: port.optional(),
  SLUICE_TEMPORAL_UI_PORT: port.optional(),
  SLUICE_DATABASE_PORT: port.optional(),
  SLUICE_CACHE: z.string().min(1).optional(),
  SLUICE_QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('sluice'),
  SLUICE_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(40),
  SLUICE_EVAL_CONCURRENCY: z.coerce.number().int().min(1).max(1_000).default(16),
  SLUICE_CACHED_RUNS: z.coerce.number().int().min(0).max(10_000).default(200),
  SLUICE_RUN_DEADLINE_MS: milliseconds.max(86_400_000).default(600_000),
  SLUICE_QUEUE_LIMIT_MS: milliseconds.max(86_400_000).default(300_000),
  SLUICE_BUDGET_USD: z.coerce.number().positive().max(1_000_000).optional(),
  SLUICE_LIMITS: limits.default([]),
  SLUICE_LIMIT_WAIT_MS: milliseconds.max(600_000).default(30_000),
  SLUICE_INGEST_HOSTS: hosts.default([]),
  SLUICE_SINK_KEY: z.string().min(32).max(1_000).optional(),
  SLUICE_SINK_LISTEN: listen.default({ host: '127.0.0.1', port: 0 }),
  SLUICE_SINK_URL: z.url({ protocol: /^https?$/ }).optional(),
  SLUICE_HTTP_LISTEN: listen.default({ host: '127.0.0.1', port: 8080 }),
  SLUICE_HTTP_ORIGINS: origins.default([]),
  SLUICE_HTTP_PROXIES: proxies.default([]),
  SLUICE_HTTP_RATE: z.coerce.number().int().min(1).max(100_000).default(100),
  SLUICE_HTTP_RUNS: z.coerce.number().int().min(1).max(10_000).default(64),
  SLUICE_HTTP_WAIT_MS: milliseconds.max(600_000).default(60_000),
  SLUICE_REDACT: parsedBy(parsePatternNames).default([]),
  SLUICE_REDACT_FIELDS: parsedBy(parseFieldRules).default([]),
  SLUICE_REDACT_PATTERNS: parsedBy(parseCustomPatterns).default([]),
  SLUICE_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  SLUICE_SHUTDOWN_GRACE_MS: milliseconds.max(600_000).default(10_000),
  SLUICE_ENCRYPTION_KEYS: encryptionKeys.optional(),
  SLUICE_ALERT_WEBHOOK: httpAddress.optional(),
  SLUICE_ALERT_SECRET: key.min(24).optional(),
  ...TRACE_SETTINGS,
  SLUICE_BUILD_ID: z.string().min(1).max(100).optional(),
  SLUICE_WORKER_VERSIONING: flag.default(false),
  SLUICE_LOG: z.enum(['error', 'warn', 'info', 'debug']).default('error'),
});

/** Every variable that is read, by name. */
export const SETTINGS: readonly string[] = Object.keys(Environment.shape);
