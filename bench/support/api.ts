/** The API in a benchmark's process, with a key: over its servers, and with no limits but the one that is asked about. */

import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import { listen } from '../../src/api/serve.ts';
import { type Undo, unwind } from '../../src/base/unwind.ts';
import type { AnyPipeline } from '../../src/dsl/edit.ts';
import { attach } from '../../src/host/attach.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import { type BenchServers, startBenchServers } from './servers.ts';

/** Servers for as long as `measure` takes; what it adds to `undo` is ended before them. */
export async function withBenchServers<T>(measure: (servers: BenchServers, undo: Undo) => Promise<T>): Promise<T> {
  const servers = await startBenchServers();
  const undo: Undo = [];
  try {
    return await measure(servers, undo);
  } finally {
    await unwind(undo);
    await servers.stop();
  }
}

/** Resolves with its address. */
export async function startBenchApi(
  { config, temporal, database, databaseUrl, folder }: BenchServers,
  { pipeline, runsAtOnce }: { readonly pipeline: AnyPipeline; readonly runsAtOnce: number },
  undo: Undo,
): Promise<string> {
  const runtime = attach(
    { folder, config, temporal, place: () => ({ address: temporal.address, uiUrl: '' }), database, databaseUrl },
    undo,
  );
  const limits = { bodyBytes: 2e6, requestsPerSecond: 1e6, refusedPerMinute: 60, runsAtOnce, waitMs: 60_000 };
  const pipelines = new Map([[pipeline.id, pipeline]]);
  const app = createApp({ runtime, pipelines, limits, version: 'bench', log: () => undefined });
  const api = await listen(app, { host: '127.0.0.1', port: 0 });
  undo.push(() => api.close(1_000));
  return api.url;
}

export async function makeBenchKey({ store }: BenchServers, scopes: readonly Scope[]): Promise<string> {
  const { key, keyId, secret } = makeApiKey();
  const made = { keyId, name: 'bench', owner: 'bench', secretHash: hashSecret(secret), by: 'bench', expiresAt: null };
  await store.apiKeys.create({ ...made, scopes });
  return key;
}
