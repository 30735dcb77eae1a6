/** The variables of the environment that are read, each with what it may be. */
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  type LimitRules,
  PRICE_SETTINGS,
  type PriceRules,
  parseLimitRules,
  parseModelRules,
} from '../model/limit-rules.ts';
import { parseCustomPatterns, parseFieldRules, parsePatternNames } from '../redaction/rules.ts';
import { type EncryptionKeys, parseEncryptionKeys } from './encryption-keys.ts';
import { TRACE_SETTINGS } from './trace-config.ts';

/** How single variables of the environment are read: what each kind of value looks like, and what is wrong with one that does not. */
const port = z.coerce.number().int().min(1).max(65_535);
const milliseconds = z.coerce.number().int().positive();
const flag = z.enum(['0', '1', 'false', 'true']).transform((value) => value === '1' || value === 'true');
/** `docs.example.com, intranet:8080`. */
const hosts = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((host) => host.trim().toLowerCase()))
  .pipe(z.array(z.string().regex(/^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/, 'no host, or host:port')));

/** `https://app.example.com, http://localhost:3000`. */
const origins = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .pipe(
    z.array(
      z.string().refine((origin) => URL.parse(origin)?.origin === origin, 'no origin, such as https://app.example.com'),
    ),
  );

/** `127.0.0.1, 10.0.0.0/8, fd00::/8`. */
const proxies = z
  .string()
  .max(10_000)
  .transform((list) => list.split(',').map((network) => network.trim()))
  .pipe(z.array(z.string().refine(isNetwork, 'no address or network, such as 10.0.0.0/8')));

function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(prefix ?? 0) <= (version === 4 ? 32 : 128);
}

const limits = z.string().transform((text, context): LimitRules => {
  const rules = parseLimitRules(text);
  if (!('problem' in rules)) return rules;
  context.addIssue({ code: 'custom', message: rules.problem });
  return z.NEVER;
});

const encryptionKeys = z.string().transform((text, context): EncryptionKeys => {
  const keys = parseEncryptionKeys(text);
  if (!('problem' in keys)) return keys;
  context.addIssue({ code: 'custom', message: keys.problem });
  return z.NEVER;
});

/** What a parser gives, or the problem that it names. */
const parsedBy = <T extends object>(parse: (text: string) => T | { readonly problem: string }) =>
  z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (!('problem' in parsed)) return parsed;
    context.addIssue({ code: 'custom', message: (parsed as { readonly problem: string }).problem });
    return z.NEVER;
  });

/** Keys have no place in an address: it is shown in logs and errors. */
const httpAddress = z
  .url({ protocol: /^https?$/ })
  .refine((address) => !URL.parse(address)?.username, 'leave user and password out of the address');
/** What a header can carry. */
const key = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,1000}$/, 'it is not a key: it has spaces or other characters');
const prices = z.string().transform((text, context): PriceRules => {
  const rules = parseModelRules(text, PRICE_SETTINGS);
  if (!('problem' in rules)) return rules;
  context.addIssue(rules.problem);
  return z.NEVER;
});

/** `0.0.0.0:8090`, `[::1]:8090`. */
const listen = z
  .string()
  .refine((address) => /:\d{1,5}$/.test(address) && URL.canParse(`http://${address}`), 'it is no host:port')
  .transform((address) => new URL(`http://${address}`))
  .transform(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }));

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
