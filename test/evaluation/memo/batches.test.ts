import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBatches } from '../../../src/evaluation/memo/memo.ts';

/** A line whose batches come back when the test says so. */
function line(limits: { atOnce?: number; mostItems?: number; mostWeight?: number } = {}) {
  const sent: { items: readonly string[]; back: PromiseWithResolvers<readonly string[]> }[] = [];
  const give = createBatches<string, string>({
    ...{ atOnce: 1, mostItems: 10, ...limits },
    weigh: (item) => item.length,
    send: (items) => {
      const back = Promise.withResolvers<readonly string[]>();
      sent.push({ items, back });
      return back.promise;
    },
  });
  const items = () => sent.map((batch) => batch.items);
  const answer = async (place: number) => {
    sent[place]!.back.resolve(sent[place]!.items.map((item) => `${item}!`));
    await setImmediate();
  };
  return { give, items, answer, sent };
}

describe('batches', () => {
  it('hold what is asked for in one go, and then what gathered while a batch was away', async () => {
    const { give, items, answer } = line();
    const first = Promise.all([give('a'), give('b')]);
    await setImmediate();
    const later = [give('c')];
    await setImmediate();
    later.push(give('d'));
    expect(items()).toEqual([['a', 'b']]);
    await answer(0);
    expect(await first).toEqual(['a!', 'b!']);
    expect(items()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await answer(1);
    expect(await Promise.all(later)).toEqual(['c!', 'd!']);
  });

  it('are so many at once, of so many items, and so heavy; one item may be heavier', async () => {
    const { give, items } = line({ atOnce: 5, mostItems: 3, mostWeight: 6 });
    for (const item of ['1', '2', '3', 'four', 'six', 'eighteen', 'nine']) void give(item);
    await setImmediate();
    expect(items()).toEqual([['1', '2', '3'], ['four'], ['six'], ['eighteen'], ['nine']]);
    const { give: another, items: ofAnother } = line({ atOnce: 2, mostItems: 1 });
    for (const item of ['1', '2', '3']) void another(item);
    await setImmediate();
    expect(ofAnother()).toEqual([['1'], ['2']]);
  });

  it('that fail fail for their own items; the line goes on', async () => {
    const { give, items, answer, sent } = line();
    const lost = Promise.allSettled([give('a'), give('b')]);
    await setImmediate();
    const kept = give('c');
    sent[0]!.back.reject(new Error('away'));
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await setImmediate();
    expect(items()[1]).toEqual(['c']);
    await answer(1);
    expect(await kept).toBe('c!');
  });
});
