/** What a Temporal server is told of runs whose payloads are encrypted, over a rotation of keys, and who can read it. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { readOutputs } from '../../activities/record-run.ts';
import { createCodecRoutes } from '../../src/api/routes/codec.ts';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime, type Runtime } from '../../src/host/runtime.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { dataConverterOf } from '../../src/temporal/encryption.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 3, timeout: '60 seconds', backoff: { first: '10 ms', factor: 1, max: '10 ms' } } as const;
const contract = { version: 1, input: Text, output: Text, effect: 'read', policy } as const;
const note = defineStep('note', { ...contract, config: z.object({ note: z.string() }), effect: 'none' });
const refuse = defineStep('refuse', contract);
const hold = defineStep('hold', { ...contract, policy: { ...policy, heartbeat: '60 seconds', beats: 'progress' } });

const kept = definePipeline('kept', Text)
  .step('near', note, ({ input }) => ({ text: input.text }), { note: 'planted-config' }, { lane: 'local' })
  .step('backed', refuse, ({ near }) => ({ text: near.text }), {}, { fallback: note.with({ note: 'planted-second' }) })
  .step('held', hold, ({ backed }) => ({ text: backed.text }))
  .output(Text, ({ held }) => ({ text: held.text }));
const broken = definePipeline('broken', Text)
  .step('one', refuse, ({ input }) => ({ text: input.text }))
  .output(Text, ({ one }) => ({ text: one.text }));

const PLANTED = /planted-(input|config|second|failure|remedy|data|beat|held)/g;

/** @param held what the held step does */
const stepsThat = (held: (signal: AbortSignal) => Promise<void>): readonly Implemented[] => [
  implement(note, ({ text }, { config }) => ({ text: `${text} ${config.note}` })),
  implement(refuse, () => {
    const parts = { message: 'planted-failure', remedy: 'planted-remedy', data: { why: 'planted-data' } };
    throw new StepFailure('refused', { ...parts, retryable: false });
  }),
  implement(hold, async ({ text }, { signal, heartbeat }) => {
    heartbeat('planted-beat');
    await held(signal);
    return { text: `${text} planted-held` };
  }),
];

const keyNamed = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const [OLD, NEW] = [keyNamed('old'), keyNamed('new')];
const patience = { timeout: 60_000, interval: 50 };
const ANSWER = 'planted-input planted-config planted-second planted-held';

let live: Live;
let rotated: Runtime;
let bare: Client;
beforeAll(async () => {
  const untilStopped = stepsThat(async (signal) => {
    await once(signal, 'abort');
    signal.throwIfAborted();
  });
  const settings = { SLUICE_ENCRYPTION_KEYS: OLD, SLUICE_SHUTDOWN_GRACE_MS: '50' };
  live = await startLive(() => untilStopped, settings);
  bare = new Client({ connection: live.connection, namespace: live.temporal.namespace });
});
afterAll(async () => {
  await rotated?.stop();
  await live?.stop();
});

const withKeys = (keys: string) => readConfig({ ...live.environment, SLUICE_ENCRYPTION_KEYS: keys });
const clientWith = (keys: string): Client =>
  new Client({
    ...{ connection: live.connection, namespace: live.temporal.namespace },
    dataConverter: dataConverterOf(withKeys(keys)),
  });

/** Whatever is readable in it without a key, also inside of base64. */
function readable(value: unknown): string {
  const json = JSON.stringify(value); // a message's bytes are base64 in it
  const inside = [...json.matchAll(/"(?<base64>[\w+/=-]{8,})"/g)].map(({ groups }) =>
    Buffer.from(groups!.base64!, 'base64'),
  );
  return [json, ...inside].join('\n');
}
const plantedIn = (text: string): readonly string[] => [...new Set(text.match(PLANTED))].sort();

const describe = ({ workflowService, options: { namespace } }: Client, workflowId: string) =>
  workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });

/** Everything that the server gives about a run to one who has no key. */
async function toldTo(client: Client, runId: string): Promise<string> {
  const history = JSON.parse(historyToJSON(await client.workflow.getHandle(runId).fetchHistory())) as unknown;
  return readable([history, await describe(client, runId)]);
}

test('a run under way is taken over by workers with a new key, and nothing of it is readable', async () => {
  const first = await live.client.start(kept, { text: 'planted-input' }, { idempotencyKey: 'one' });
  const lost = first.finished.catch((error: unknown) => error);
  const beating = await vi.waitFor(async () => {
    const described = await describe(bare, first.runId);
    expect(described.pendingActivities?.[0]?.heartbeatDetails?.payloads).toHaveLength(1);
    return described;
  }, patience);
  expect(plantedIn(readable(beating))).toEqual([]);

  const rest = { folder: live.folder, config: withKeys(`${NEW},${OLD}`) };
  rotated = await connectRuntime({ ...rest, implementations: () => stepsThat(async () => undefined) });
  await live.worker!.stop();
  const again = await rotated.client.start(kept, { text: 'planted-input' }, { idempotencyKey: 'one' });
  expect(again.runId).toBe(first.runId);
  expect(await again.finished).toMatchObject({ output: { text: ANSWER }, outcome: 'degraded' });
  // Whoever has the old key alone is told which one is missing.
  expect(await lost).toMatchObject({ code: 'payload_key_missing', data: { keyId: 'new' } });

  const told = await toldTo(bare, first.runId);
  expect(plantedIn(told)).toEqual([]);
  expect(told).toContain('binary/encrypted');
  expect(told).toContain('Encoded failure');
  const reading = clientWith(`${NEW},${OLD}`);
  const read = new MockActivityEnvironment().run(() => readOutputs(reading, first.runId));
  const outputs = (await read) as Awaited<ReturnType<typeof readOutputs>>;
  expect(Object.fromEntries(outputs.map(({ key, output }) => [key, output]))).toEqual({
    near: { text: 'planted-input planted-config' },
    backed: { text: 'planted-input planted-config planted-second' },
    held: { text: ANSWER },
  });
});

test('a run that fails tells why to those with the key alone', async () => {
  const failed = await rotated.client.run(broken, { text: 'planted-input' });
  expect(failed).toMatchObject({ outcome: 'failed', error: { code: 'refused' } });
  expect(JSON.stringify(failed.error)).toContain('planted-failure');
  expect(plantedIn(await toldTo(bare, failed.runId))).toEqual([]);
  const failure = await clientWith(NEW)
    .workflow.getHandle(failed.runId)
    .result()
    .catch((error: Error) => error);
  expect(String((failure as Error).cause)).toContain('planted-failure');
});

test('neither memo, summary nor details of an execution are readable, unless nothing is encrypted', async () => {
  const told = async (client: Client, name: string) => {
    const handle = await client.workflow.start('of-nobody', {
      ...{ workflowId: `${live.config.queues.run}-${name}`, taskQueue: `${live.config.queues.run}-nobody` },
      ...{ memo: { note: 'planted-data' }, staticSummary: 'planted-config', staticDetails: 'planted-second' },
      args: ['planted-input'],
    });
    const described = await handle.describe();
    expect([described.memo, await described.staticSummary()]).toEqual([{ note: 'planted-data' }, 'planted-config']);
    const all = plantedIn(await toldTo(bare, handle.workflowId));
    await handle.terminate();
    return all;
  };
  expect(await told(clientWith(NEW), 'hidden')).toEqual([]);
  expect(await told(bare, 'clear')).toEqual(['planted-config', 'planted-data', 'planted-input', 'planted-second']);
});

test("Temporal's own program shows it through the codec endpoint", async () => {
  const asked: (string | undefined)[] = [];
  const app = createCodecRoutes({
    ...{ keys: withKeys(`${NEW},${OLD}`).encryption!, uiUrl: live.temporal.uiUrl },
    authorize: async (context, next) => {
      asked.push(context.req.header('authorization'));
      await next();
    },
  });
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/codec`;
  const { runId } = (await live.store.runs.list({ limit: 10 })).runs.find(({ pipeline }) => pipeline === 'kept')!;
  try {
    const show = ['workflow', 'show', '--address', live.temporal.address, '--workflow-id', runId, '--output', 'json'];
    const codec = ['--codec-endpoint', endpoint, '--codec-auth', 'Bearer the-key'];
    const { stdout } = await promisify(execFile)(inject('temporalCli'), [...show, ...codec], { maxBuffer: 1e8 });
    expect(plantedIn(readable(JSON.parse(stdout)))).toEqual(
      ['config', 'data', 'failure', 'held', 'input', 'remedy', 'second'].map((what) => `planted-${what}`),
    );
    expect(new Set(asked)).toEqual(new Set(['Bearer the-key']));
    // A key in a cookie passes through the same server.
    const headers = {
      'content-type': 'application/json',
      origin: live.temporal.uiUrl,
      cookie: 'sluice_codec=of-a-browser',
    };
    const response = await fetch(`${endpoint}/decode`, { method: 'POST', headers, body: '{"payloads":[{}]}' });
    expect(response.status).toBe(200);
    expect(asked.at(-1)).toBe('Bearer of-a-browser');
  } finally {
    server.close();
  }
});
