/** The API of a live runtime, listening, with keys and a way to ask it. */

import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { LogEntry, ServerLimits } from '../../src/api/environment.ts';
import { type Listening, type ListenOptions, listen } from '../../src/api/serve.ts';
import type { AnyPipeline } from '../../src/dsl/edit.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import type { Live } from '../support/live.ts';

export interface Api extends Listening {
  /** What was logged, newest last. */
  readonly logged: LogEntry[];
  /** Asks with a key, JSON in and JSON out. */
  ask(
    key: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what came is what the tests look at
  readonly body: any;
}

export const LIMITS: ServerLimits = {
  bodyBytes: 2_000_000,
  requestsPerSecond: 1_000,
  refusedPerMinute: 1_000,
  runsAtOnce: 64,
  waitMs: 60_000,
};

interface Options extends Partial<ListenOptions> {
  readonly limits?: Partial<ServerLimits>;
  readonly origins?: readonly string[];
}

export async function startApi(
  live: Live,
  pipelines: readonly AnyPipeline[],
  { limits = {}, origins = [], ...options }: Options = {},
): Promise<Api> {
  const logged: LogEntry[] = [];
  const app = createApp({
    runtime: live,
    pipelines: new Map(pipelines.map((each) => ['name' in each ? `${each.id}:${each.name}` : each.id, each])),
    limits: { ...LIMITS, ...limits },
    origins,
    version: '0.0.0-test',
    log: (entry) => logged.push(entry),
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0, ...options });
  return {
    ...listening,
    logged,
    async ask(key, method, path, body, headers: Record<string, string> = {}) {
      const response = await fetch(`${listening.url}${path}`, {
        method,
        headers: {
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
}

/** A new key of the store. */
export async function keyOf(
  { store }: Pick<Live, 'store'>,
  name: string,
  scopes: readonly Scope[],
  { owner = name, expiresAt = null as number | null } = {},
): Promise<string> {
  const { key, keyId, secret } = makeApiKey();
  await store.apiKeys.create({ keyId, name, secretHash: hashSecret(secret), scopes, owner, by: 'test', expiresAt });
  return key;
}
