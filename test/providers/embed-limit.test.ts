/** A call for embeddings that is never answered ends by itself: not every caller has a limit of its own. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { EMBED_LIMIT_MS } from '../../src/models/providers.ts';
import type { Fault } from '../standin/faults.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';
import { callOf, providersAt } from './subjects.ts';

let standIn: LocalStandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
beforeEach(() => standIn.reset());
afterEach(() => void vi.useRealTimers());
afterAll(() => standIn.close());

const models = ['cohere/embed-v4.0', 'openai/text-embedding-3-small'];
const ways: readonly Fault[] = [{ kind: 'hang' }, { kind: 'stall' }];

it.each(models.flatMap((model) => ways.map((fault) => ({ model, fault, way: fault.kind }))))(
  '$model, where the server has a $way',
  async ({ model, fault }) => {
    await standIn.fault(fault, { times: 'always' });
    const embedder = providersAt(standIn).embedder(model);
    // The first call loads the SDK, with real timers.
    await expect(
      embedder.embed({ texts: ['x'], as: 'query' }, { ...callOf(), signal: AbortSignal.abort(new Error('given up')) }),
    ).rejects.toThrow('given up');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failed = embedder.embed({ texts: ['x'], as: 'query' }, callOf()).catch((error: unknown) => error);
    await standIn.until((requests) => requests.length > 0);
    await vi.advanceTimersByTimeAsync(EMBED_LIMIT_MS.query);
    expect(await failed).toMatchObject({ code: 'timeout', message: expect.stringContaining('within 20 s') });
  },
);
