import { describe, expect, test } from 'vitest';
import type { TokenPiece } from '../../src/model/token-piece.ts';
import { createTokenHub } from '../../src/streaming/token-hub.ts';

const piece = (seq: number, text = `${seq} `, runId = 'run-1'): TokenPiece => ({
  runId,
  key: 'draft',
  call: 'step',
  attempt: 1,
  seq,
  text,
});
const forever = new AbortController().signal;

async function collect(pieces: AsyncIterable<TokenPiece>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { seq } of pieces) seen.push(seq);
  return seen;
}

describe('the hub', () => {
  test('gives every listener all pieces of its run, a late one those that are kept', async () => {
    const hub = createTokenHub();
    hub.open('run-1');
    const first = collect(hub.subscribe('run-1', forever));
    hub.publish(piece(0));
    await Promise.resolve();
    hub.publish(piece(1));
    hub.publish(piece(0, 'x', 'run-2'));
    const second = hub.subscribe('run-1', forever);
    expect([(await second.next()).value?.seq, (await second.next()).value?.seq]).toEqual([0, 1]);
    const waiting = second.next();
    hub.publish(piece(2));
    expect((await waiting).value?.seq).toBe(2);
    hub.close('run-1');
    expect(await first).toEqual([0, 1, 2]);
    expect((await second.next()).done).toBe(true);
  });

  test('takes nothing of a run that is not listened to, or no more', async () => {
    const hub = createTokenHub();
    expect(hub.publish(piece(0))).toBe(false);
    hub.open('run-1');
    hub.open('run-1');
    hub.close('run-1');
    expect([hub.publish(piece(0)), hub.isOpen('run-1')]).toEqual([true, true]);
    hub.close('run-1');
    expect([hub.publish(piece(1)), hub.isOpen('run-1')]).toEqual([false, false]);
    hub.close('run-1');
    expect(await collect(hub.subscribe('run-1', forever))).toEqual([]);
  });

  test('a listener that stops by its signal is let go, waiting or not', async () => {
    const hub = createTokenHub();
    hub.open('run-1');
    const stop = new AbortController();
    const waiting = collect(hub.subscribe('run-1', stop.signal));
    hub.publish(piece(0));
    stop.abort();
    expect(await waiting).toEqual([]); // it had not begun to read
    expect(await collect(hub.subscribe('run-1', AbortSignal.abort()))).toEqual([]);
  });

  test('a slow listener holds up nothing, and misses the oldest pieces when too many are kept', async () => {
    const hub = createTokenHub();
    hub.open('run-1');
    const slow = hub.subscribe('run-1', forever);
    hub.publish(piece(0));
    expect((await slow.next()).value?.seq).toBe(0);
    const all = 50_000;
    for (let seq = 1; seq < all; seq++) hub.publish(piece(seq));
    hub.close('run-1');
    const rest = await collect(slow);
    expect(rest.length).toBeLessThanOrEqual(20_000);
    expect(rest).toEqual(Array.from({ length: rest.length }, (_, at) => all - rest.length + at));
  });

  test('keeps few pieces where they are long', async () => {
    const hub = createTokenHub();
    hub.open('run-1');
    const kept = hub.subscribe('run-1', forever);
    hub.publish(piece(0, 'x', 'run-1'));
    await kept.next();
    for (let seq = 1; seq < 1_000; seq++) hub.publish(piece(seq, 'x'.repeat(16_000), 'run-1'));
    hub.close('run-1');
    const seen = await collect(kept);
    expect(seen.length).toBeLessThanOrEqual(250);
    expect(seen.at(-1)).toBe(999);
  });
});
