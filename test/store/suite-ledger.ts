/** The ledger, which is only added to. */
import { describe, expect, test } from 'vitest';
import { deployNext, repeating, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

export function describeLedger(subject: Subject): void {
  describe('the ledger', () => {
    test('entries have numbers without gaps, whoever adds them, and a look is there once', async () => {
      const { ledger } = subject.store;
      await deployNext(subject, 'l-one');
      await startOf(subject, 'l-1', 'l-one');
      const added = await Promise.all(
        [...Array(12).keys()].map((n) =>
          ledger.append('l-1', n % 2 === 0 ? { kind: 'look', lookNo: 1 + (n % 3), content: { n } } : act(n)),
        ),
      );
      const entries = await ledger.entries('l-1', { after: 0, limit: 100 });
      // The start, three looks, each asked for twice, and six acts.
      expect(entries.map(({ entryNo }) => entryNo)).toEqual([...Array(10).keys()].map((n) => n + 1));
      for (const lookNo of [1, 2, 3]) {
        const look = await ledger.look('l-1', lookNo);
        expect(added.filter((entry) => entry.lookNo === lookNo)).toEqual([look, look]);
      }
      expect(await ledger.lastLook('l-1')).toMatchObject({ lookNo: 3 });
      expect(await ledger.look('l-1', 4)).toBeUndefined();
      expect(await ledger.entries('l-1', { after: 8, limit: 1 })).toEqual([entries[8]]);
    });

    test('the look that decided is the newest before the experiment left running by a decision', async () => {
      const { ledger } = subject.store;
      await deployNext(subject, 'l-phases');
      await startOf(subject, 'l-phases-1', 'l-phases');
      const look = (lookNo: number) => ledger.append('l-phases-1', { kind: 'look', lookNo, content: { lookNo } });
      const moved = (from: string, to: string) => ledger.append('l-phases-1', { kind: 'act', content: { from, to } });
      await look(1);
      await moved('running', 'paused');
      await moved('paused', 'running');
      expect(await ledger.decidingLook('l-phases-1')).toBeUndefined();
      await look(2);
      await moved('running', 'approving');
      await look(3);
      await moved('approving', 'rolling');
      await look(4);
      expect(await ledger.decidingLook('l-phases-1')).toMatchObject({ lookNo: 2 });
      expect(await ledger.lastLook('l-phases-1')).toMatchObject({ lookNo: 4 });
      expect(await ledger.decidingLook('l-none')).toBeUndefined();
    });

    test('content is canonical JSON, as it was written', async () => {
      const { ledger } = subject.store;
      await deployNext(subject, 'l-two');
      await startOf(subject, 'l-2', 'l-two');
      const content = { b: [1e21, 'é\u0000'], a: { d: null, c: -0 } };
      const { content: kept } = await ledger.append('l-2', { kind: 'look', lookNo: 1, content });
      expect(kept).toBe('{"a":{"c":0,"d":null},"b":[1e+21,"é\uFFFD"]}');
      expect(await ledger.look('l-2', 1)).toEqual({
        entryNo: 2,
        kind: 'look',
        lookNo: 1,
        at: subject.at,
        content: kept,
      });
      await expect(ledger.append('l-no', act(1))).rejects.toMatchObject({ code: 'experiment_unknown' });
    });

    test('made twice, an entry is there once', async () => {
      await deployNext(subject, 'l-three');
      await startOf(subject, 'l-3', 'l-three');
      const { ledger } = repeating(subject).store;
      const added = [await ledger.append('l-3', act(1)), await ledger.append('l-3', act(1))];
      const look = await ledger.append('l-3', { kind: 'look', lookNo: 1, content: 1 });
      expect(await subject.store.ledger.entries('l-3', { after: 1, limit: 9 })).toEqual([...added, look]);
    });

    test('the database refuses to change or remove what is there', async () => {
      await deployNext(subject, 'l-four');
      await startOf(subject, 'l-4', 'l-four');
      const before = await subject.store.ledger.entries('l-4', { after: 0, limit: 9 });
      for (const sql of [
        `update ledger set content = '{}' where experiment_id = 'l-4'`,
        `delete from ledger where experiment_id = 'l-4'`,
        'truncate ledger',
        `insert into ledger (experiment_id, entry_no, kind, at, content) values ('l-4', 1, 'act', now(), '{}')
         on conflict (experiment_id, entry_no) do update set content = excluded.content`,
      ])
        await expect(subject.database.query(sql)).rejects.toMatchObject({ message: /only added to/ });
      expect(await subject.store.ledger.entries('l-4', { after: 0, limit: 9 })).toEqual(before);
      expect(before).toHaveLength(1);
    });
  });
}

const act = (n: number) => ({ kind: 'act', content: { n } }) as const;
