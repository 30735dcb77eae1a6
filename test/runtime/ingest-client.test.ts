import type { Client } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { createIngestClient } from '../../src/runtime/ingest-client.ts';
import type { IngestInput } from '../../workflows/ingest-messages.ts';

const asked: IngestInput = { index: 'docs', source: '/docs', chunk: 'headings', embed: 'local/lsa' };

/** A Temporal whose ingest of this index runs already, as `running` asked; it ends when it is cancelled. */
function temporalWith(running: IngestInput) {
  const ended = Promise.withResolvers<object>();
  const handle = {
    describe: async () => ({ memo: running }),
    cancel: async () => ended.resolve({ cancelled: true }),
    result: () => ended.promise,
  };
  return { workflow: { start: async () => handle } } as unknown as Client;
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

  test('is cancelled also by a signal that came before it was begun', async () => {
    const client = clientOf(temporalWith(asked));
    expect(await client.ingest(asked, { signal: AbortSignal.abort() })).toMatchObject({ cancelled: true });
  });
});
