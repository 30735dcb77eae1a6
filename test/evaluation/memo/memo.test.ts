/** What one chunk's memo promises, over a table in memory; the table's own promises are in test/store/suite-memo.ts. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Made, type Memo, type MemoAsk, type MemoOptions, openMemo } from '../../../src/evaluation/memo/memo.ts';
import type { Json } from '../../../src/plan/plan.ts';
import type { MemoRecord } from '../../../src/store/memo.ts';
import { createMemoryTable } from './memory-table.ts';

const value = (of: Json): Made => ({ outcome: { value: of }, attempts: 1, durationMs: 5, lasts: true });
const failure = (lasts: boolean): Made => ({
  outcome: { failure: { code: lasts ? 'refused' : 'overloaded', message: 'no', details: {}, retryable: !lasts } },
  attempts: 1,
  durationMs: 5,
  lasts,
});
const record = (of: Json): MemoRecord => ({
  outcome: { value: of },
  attempts: 2,
  durationMs: 7,
  runId: 'earlier',
  callKey: 'a#1',
});

/** Calls that end when the test says so. */
async function open(options: MemoOptions = {}) {
  const table = createMemoryTable();
  const memo = await openMemo(table, options);
  const made: { readonly key: string; readonly ended: PromiseWithResolvers<Made>; readonly signal: AbortSignal }[] = [];
  const ask = (key: string, more: Partial<MemoAsk> = {}) =>
    memo.get({
      key,
      paidBy: { runId: 'now', callKey: `${key}#1` },
      terms: 'three times',
      signal: new AbortController().signal,
      make: (signal) => {
        const ended = Promise.withResolvers<Made>();
        made.push({ key, ended, signal });
        signal.addEventListener('abort', () => ended.reject(signal.reason));
        return ended.promise;
      },
      ...more,
    });
  return { table, memo, made, ask };
}

/** Until the statements that are due have come back. */
const settle = async () => {
  for (const _ of [1, 2, 3]) await setImmediate();
};
const sourceOf = async (answer: ReturnType<Memo['get']>) => (await answer).source;

describe('the memo of a chunk', () => {
  it('makes equal calls once, whoever asks and whenever; one of them has paid', async () => {
    const { table, made, ask } = await open();
    const both = [ask('a'), ask('a'), ask('b')];
    await settle();
    expect(made.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(table.claimed).toEqual([['a', 'b']]);
    for (const { key, ended } of made) ended.resolve(value({ x: key }));
    expect(await Promise.all([...both, ask('a')].map(sourceOf))).toEqual(['made', 'joined', 'made', 'joined']);
    const { lasts, ...facts } = value({ x: 'b' });
    expect(await ask('b')).toEqual({ ...facts, runId: 'now', callKey: 'b#1', source: 'joined' });
    expect(made).toHaveLength(2);
  });

  it('lets go of what the table can answer, the oldest first, and of nothing that it cannot yet', async () => {
    const { table, memo, made, ask } = await open({ mostKept: 2 });
    const written = Promise.withResolvers<void>();
    table.before.store = () => written.promise;
    for (const key of ['a', 'b', 'c']) {
      const asked = ask(key);
      await settle();
      made.at(-1)!.ended.resolve(value(key));
      expect(await sourceOf(asked)).toBe('made');
    }
    expect(await sourceOf(ask('a'))).toBe('joined');
    written.resolve();
    await memo.flush();
    expect(await Promise.all(['c', 'a', 'b'].map((key) => sourceOf(ask(key))))).toEqual(['joined', 'stored', 'joined']);
    expect(table.claimed).toEqual([['a'], ['b'], ['c'], ['a']]);
    expect(made).toHaveLength(3);
  });

  it('gives a value before it is stored; flush waits until it is', async () => {
    const { table, memo, made, ask } = await open();
    const written = Promise.withResolvers<void>();
    table.before.store = () => written.promise;
    const asked = ask('a');
    await settle();
    made[0]!.ended.resolve(value('early'));
    expect(await asked).toMatchObject({ outcome: { value: 'early' } });
    let isFlushed = false;
    const flushed = memo.flush().then(() => {
      isFlushed = true;
    });
    await settle();
    expect([isFlushed, table.rows.get('a')?.record]).toEqual([false, undefined]);
    written.resolve();
    await flushed;
    expect(table.rows.get('a')?.record).toMatchObject({ outcome: { value: 'early' }, runId: 'now' });
  });

  it('gives what is stored, with what it took when it was made', async () => {
    const { table, made, ask } = await open();
    table.rows.set('a', { owner: 'another', record: record('kept') });
    expect(await ask('a')).toEqual({ ...record('kept'), source: 'stored' });
    expect(made).toEqual([]);
  });

  it('gives the same value to whoever made it and to whoever reads it, and nobody can change it', async () => {
    const { made, ask } = await open();
    const asked = ask('a');
    await settle();
    made[0]!.ended.resolve(value({ list: [-0], gone: undefined } as unknown as Json));
    const { outcome } = await asked;
    expect(outcome).toStrictEqual({ value: { list: [0] } });
    expect(Object.isFrozen((outcome as { value: { list: Json } }).value.list)).toBe(true);
  });

  it('asks again for what another makes, until it is there, or free', async () => {
    const { table, made, ask } = await open();
    table.rows.set('theirs', { owner: 'another' });
    table.rows.set('left', { owner: 'another' });
    const [theirs, left] = [ask('theirs'), ask('left')];
    await settle();
    expect(made).toEqual([]);
    table.rows.set('theirs', { owner: 'another', record: record('theirs') });
    expect((await theirs).source).toBe('stored');
    table.rows.delete('left');
    await expect.poll(() => made.length).toBe(1);
    made[0]!.ended.resolve(value('ours'));
    expect(await sourceOf(left)).toBe('made');
  });

  it('stores a failure that lasts; one that may pass is given back, and is the same for all of the chunk', async () => {
    const { table, memo, made, ask } = await open();
    const asked = [ask('lasts'), ask('passes')];
    await settle();
    made[0]!.ended.resolve(failure(true));
    made[1]!.ended.resolve(failure(false));
    await Promise.all(asked);
    await memo.flush();
    expect(table.stored).toEqual([['lasts']]);
    expect(table.released).toEqual([['passes']]);
    expect(await ask('passes')).toMatchObject({ outcome: failure(false).outcome, source: 'joined' });
    expect(made).toHaveLength(2);
  });

  it('tries again for those who would have tried otherwise, where the failure may pass', async () => {
    const { made, ask } = await open();
    const [hasty, patient, alike] = [ask('a'), ask('a', { terms: 'ten times' }), ask('a', { terms: 'ten times' })];
    await settle();
    made[0]!.ended.resolve(failure(false));
    expect((await hasty).outcome).toEqual(failure(false).outcome);
    await settle();
    expect(made).toHaveLength(2);
    made[1]!.ended.resolve(value('at last'));
    expect(await Promise.all([sourceOf(patient), sourceOf(alike)])).toEqual(['made', 'joined']);
  });

  it('goes on while anybody wants it, and lets go at once whoever does not', async () => {
    const { made, ask } = await open();
    const [one, other] = [new AbortController(), new AbortController()];
    const asked = [ask('a', { signal: one.signal }), ask('a', { signal: other.signal })];
    await settle();
    one.abort(new Error('not any more'));
    await expect(asked[0]).rejects.toThrow('not any more');
    expect(made[0]!.signal.aborted).toBe(false);
    made[0]!.ended.resolve(value('wanted'));
    // The one who turned away has paid for nothing.
    expect(await sourceOf(asked[1]!)).toBe('made');
  });

  it('aborts what nobody wants, gives the claim back, and makes it anew for who comes later', async () => {
    const { table, memo, made, ask } = await open();
    const only = new AbortController();
    const asked = ask('a', { signal: only.signal });
    await settle();
    only.abort(new Error('stop'));
    await expect(asked).rejects.toThrow('stop');
    expect(made[0]!.signal.aborted).toBe(true);
    await settle();
    await memo.flush();
    expect([table.released, table.rows.size]).toEqual([[['a']], 0]);
    const again = ask('a');
    await settle();
    made[1]!.ended.resolve(value('again'));
    expect(await sourceOf(again)).toBe('made');
  });

  it('gives a claim back that comes when nobody wants it any more', async () => {
    const { table, memo, made, ask } = await open();
    const answered = Promise.withResolvers<void>();
    table.before.claim = () => answered.promise;
    const only = new AbortController();
    const asked = ask('a', { signal: only.signal });
    await settle();
    only.abort(new Error('stop'));
    await expect(asked).rejects.toThrow('stop');
    answered.resolve();
    await settle();
    await memo.flush();
    expect([made, table.released, table.rows.size]).toEqual([[], [['a']], 0]);
  });

  it('fails where it cannot ask, and asks anew the next time', async () => {
    const { table, made, ask } = await open();
    table.before.claim = () => Promise.reject(new Error('away'));
    await expect(ask('a')).rejects.toThrow('away');
    await settle();
    table.before = {};
    const asked = ask('a');
    await settle();
    made[0]!.ended.resolve(value('back'));
    expect(await sourceOf(asked)).toBe('made');
  });

  it('says at flush that it could not store, for good', async () => {
    const { table, memo, made, ask } = await open();
    table.before.store = () => Promise.reject(new Error('full'));
    const asked = ask('a');
    await settle();
    made[0]!.ended.resolve(value('used'));
    expect(await asked).toMatchObject({ outcome: { value: 'used' } });
    for (const _ of ['then', 'and ever after']) await expect(memo.flush()).rejects.toThrow('full');
    await expect(memo.room()).rejects.toThrow('full');
  });

  it('has no room for more while sixteen are not stored', async () => {
    const { table, memo, made, ask } = await open();
    const written = Promise.withResolvers<void>();
    table.before.store = () => written.promise;
    const make = async (count: number) => {
      for (const n of Array(count).keys()) {
        const asked = ask(`${count}-${n}`);
        await settle();
        made.at(-1)!.ended.resolve(value(n));
        await asked;
      }
    };
    await make(15);
    await memo.room();
    await make(1);
    let hasRoom = false;
    const room = memo.room().then(() => {
      hasRoom = true;
    });
    await settle();
    expect(hasRoom).toBe(false);
    written.resolve();
    await room;
  });

  it('closes with everything given back, and what was made stored', async () => {
    const { table, memo, made, ask } = await open();
    const asked = [ask('done'), ask('open')];
    await settle();
    made[0]!.ended.resolve(value('kept'));
    const closing = memo.close();
    await expect(asked[1]).rejects.toThrow();
    await closing;
    expect([...table.rows.keys()]).toEqual(['done']);
    expect(table.owners.size).toBe(0);
  });
});
