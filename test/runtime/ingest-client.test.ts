import type { Client } from '@temporalio/client';
import { defaultDataConverter } from '@temporalio/common';
import { describe, expect, test, vi } from 'vitest';
import { createIngestClient } from '../../src/client/ingest-client.ts';
import type { IngestInput } from '../../src/model/ingest-messages.ts';

const asked: IngestInput = { index: 'docs', source: '/docs', chunk: 'headings', embed: 'local/lsa' };

const halfway = { phase: 'reading', total: 303, done: 96 };

/** A Temporal whose ingest of this index runs already, as `running` asked; it ends when it is cancelled. */
function temporalWith(running: IngestInput, pendingActivities: () => readonly object[] = () => []) {
  const ended = Promise.withResolvers<object>();
  const handle = {
    describe: async () => ({ memo: running, raw: { pendingActivities: pendingActivities() } }),
    cancel: async () => ended.resolve({ cancelled: true }),
    query: async () => halfway,
    result: () => ended.promise,
  };
  const options = { loadedDataConverter: { ...defaultDataConverter, payloadCodecs: [] } };
  return { options, workflow: { start: async () => handle } } as unknown as Client;
}

/** A Temporal where nothing runs: an ingest that is started knows what it was started with, and ends at once. */
function temporalAlone() {
  const start = vi.fn(async (_type: string, { memo }: { memo: object }) => ({
    describe: async () => ({ memo }),
    query: async () => halfway,
    result: async () => ({}),
  }));
  return { start, temporal: { workflow: { start } } as unknown as Client };
}
const clientOf = (temporal: Client) => createIngestClient({ temporal, queue: 'control', urlOf: (id) => id });

describe('an ingest', () => {
  test.each([
    { ...asked, source: '/other' },
    { ...asked, chunk: 'none' as const },
    { ...asked, embed: 'none' },
  ])('is not taken for one that runs and does something else: %o', async (running) => {
    await expect(clientOf(temporalWith(running)).ingest(asked)).rejects.toMatchObject({ code: 'index_building' });
  });

  test('that was under way says how far it had come, once and first; one that is begun does not', async () => {
    const controller = new AbortController();
    const told: string[] = [];
    await clientOf(temporalWith(asked)).ingest(asked, {
      signal: controller.signal,
      onResumed: ({ done, total }) => told.push(`resumed ${done}/${total}`),
      onProgress: ({ done, total }) => {
        told.push(`${done}/${total}`);
        if (told.length === 3) controller.abort();
      },
    });
    expect(told.slice(0, 3)).toEqual(['resumed 96/303', '96/303', '96/303']);
    const onResumed = vi.fn();
    const { temporal } = temporalAlone();
    await clientOf(temporal).ingest(asked, { onResumed });
    expect(onResumed).not.toHaveBeenCalled();
  });

  test('reports each failed try of an activity once, with its reason', async () => {
    const controller = new AbortController();
    const pending = (attempt: number, message: string) => ({
      ...{ activityId: '3', activityType: { name: 'commitBuild' }, attempt, maximumAttempts: 25 },
      ...(attempt > 1 && { lastFailure: { message, source: 'TypeScriptSDK', applicationFailureInfo: {} } }),
    });
    // The first is the one that finds what runs.
    const answers = [[], [pending(1, '')], [pending(2, 'cohere answered 503')], [pending(2, 'cohere answered 503')]];
    const temporal = temporalWith(asked, () => answers.shift() ?? [pending(3, 'cohere hung up')]);
    const retries: object[] = [];
    await clientOf(temporal).ingest(asked, {
      signal: controller.signal,
      onRetry(retry) {
        retries.push(retry);
        if (retries.length === 2) controller.abort();
      },
    });
    const retry = { activity: 'commitBuild', attempts: 25 };
    expect(retries).toEqual([
      { ...retry, attempt: 1, reason: 'cohere answered 503' },
      { ...retry, attempt: 2, reason: 'cohere hung up' },
    ]);
  });

  test('takes the place of another only where that is asked', async () => {
    const { start, temporal } = temporalAlone();
    await clientOf(temporal).ingest(asked);
    await clientOf(temporal).ingest(asked, { restart: true });
    expect(start.mock.calls.map(([, options]) => options)).toMatchObject([
      { workflowIdConflictPolicy: 'USE_EXISTING' },
      { workflowIdConflictPolicy: 'TERMINATE_EXISTING' },
    ]);
  });

  test('is cancelled also by a signal that came before it was begun', async () => {
    const client = clientOf(temporalWith(asked));
    expect(await client.ingest(asked, { signal: AbortSignal.abort() })).toMatchObject({ cancelled: true });
  });
});
