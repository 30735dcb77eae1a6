/** Silence and slowness: what a client sees that waits, and what the stand-in sees of a client that leaves. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cohereText, collect, createSdkCalls, sentence } from './sdk-calls.ts';
import { type LocalStandIn, startStandIn } from './start.ts';

let standIn: LocalStandIn;
let calls: ReturnType<typeof createSdkCalls>;

beforeAll(async () => {
  standIn = await startStandIn();
  calls = createSdkCalls(standIn);
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.close());

describe('silence and slowness', () => {
  test('a hang sends nothing, and sees the client go', async () => {
    await standIn.fault({ kind: 'hang' }, { times: 2 });
    const leaving = new AbortController();
    const hanging = Promise.allSettled([
      calls.openaiChat({ signal: leaving.signal }),
      calls.cohereChat({ abortSignal: leaving.signal }),
    ]);
    await standIn.until((requests) => requests.filter((request) => request.fault === 'hang').length === 2);
    leaving.abort();
    expect((await hanging).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    const seen = await standIn.until((requests) => requests.every((request) => request.endedAtMs !== null));
    expect(seen.map(({ status, billed }) => ({ status, billed }))).toEqual(
      Array(2).fill({ status: null, billed: null }),
    );
    expect(seen.every((request) => (request.closedByClientAtMs ?? 0) > request.atMs)).toBe(true);
  });

  test('a stall keeps the stream open after some tokens', async () => {
    await standIn.fault({ kind: 'stall', afterTokens: 2 });
    const leaving = new AbortController();
    let text = '';
    const reading = (async () => {
      for await (const chunk of await calls.openaiStream({ signal: leaving.signal })) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text === 'one two') {
          const [request] = await standIn.until((requests) => requests[0]?.sentAtMs.length === 2);
          expect(request?.endedAtMs).toBeNull();
          leaving.abort();
        }
      }
    })();
    // Aborted between two chunks, the SDK ends its stream without an error.
    await reading;
    expect(text).toBe('one two');
    const [after] = await standIn.until((requests) => requests[0]?.closedByClientAtMs !== null);
    expect(after).toMatchObject({ usageSent: false, billed: { outputTokens: 2 } });
  });

  test('a client that leaves a slow stream is billed for what it was sent', async () => {
    await standIn.fault({ kind: 'slow', msPerToken: 20 });
    const stream = await calls.openaiStream();
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        break; // The SDK closes the connection.
      }
    }
    const [request] = await standIn.until((requests) => (requests[0]?.endedAtMs ?? null) !== null);
    expect(request?.closedByClientAtMs).not.toBeNull();
    expect(request?.usageSent).toBe(false);
    expect(request?.billed?.outputTokens).toBe(request?.sentAtMs.length);
    expect(request?.billed?.outputTokens).toBeLessThan(6);
  });

  test('slow tokens come no faster than asked, and all of them', async () => {
    await standIn.fault({ kind: 'slow', msPerToken: 15 });
    const { items, error } = await collect(calls.cohereStream());
    expect(error).toBeNull();
    expect(cohereText(items)).toBe(sentence);
    const [request] = await standIn.requests();
    const times = request?.sentAtMs ?? [];
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toHaveLength(5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(14); // Timers count in whole milliseconds.
  });
});
