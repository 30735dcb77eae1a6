/** Building indexes: leases, idempotence, and what readers see meanwhile. */
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { buildHelpers } from './build-helpers.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

export function describeBuilds(subject: Subject): void {
  const { found, begin, ingest } = buildHelpers(subject);

  describe('builds', () => {
    test('readers see a build when it is committed, and not before', async () => {
      const { builds, indexes } = subject.store;
      const build = await begin('b1');
      expect(
        await builds.put('b1', build, [document('a', 'red fox', 'blue bird'), document('b', 'red apple')]),
      ).toEqual({
        added: 2,
        changed: 0,
        unchanged: 0,
        passages: 3,
        cleaned: 0,
      });
      await expect(found('b1', 'red')).rejects.toMatchObject({ code: 'index_not_built' });
      expect((await indexes.get('b1')).snapshot).toBeNull();
      const outcome = await builds.commit('b1', build);
      expect(outcome).toMatchObject({ sequence: build, documents: 2, passages: 3, added: 2, changed: 0, removed: 0 });
      expect(await found('b1', 'red')).toEqual(['a#0', 'b#0']);
      expect((await indexes.get('b1')).snapshot).toMatchObject({ hash: outcome.snapshot, documents: 2, passages: 3 });
      expect(await builds.commit('b1', build)).toEqual(outcome);

      const second = await begin('b1');
      await builds.put('b1', second, [document('a', 'red cat')]);
      expect(await found('b1', 'red cat')).toEqual(['a#0', 'b#0']);
      expect(await found('b1', 'fox')).toEqual(['a#0']);
      await builds.keep('b1', second, ['b']);
      expect(await builds.commit('b1', second)).toMatchObject({
        documents: 2,
        passages: 2,
        added: 0,
        changed: 1,
        removed: 0,
      });
      expect(await found('b1', 'cat')).toEqual(['a#0']);
      expect(await found('b1', 'fox')).toEqual([]);
    });

    test('a batch delivered twice changes nothing; a changed document replaces the old one', async () => {
      const { builds } = subject.store;
      const build = await begin('b2');
      const batch = [document('a', 'one'), document('b', 'two')];
      await builds.put('b2', build, batch);
      expect(await builds.put('b2', build, batch)).toMatchObject({ added: 0, unchanged: 2, passages: 0 });
      expect(await builds.put('b2', build, [document('a', 'three', 'four')])).toMatchObject({ added: 1, passages: 2 });
      expect(await builds.commit('b2', build)).toMatchObject({ documents: 2, passages: 3 });
      expect(await found('b2', 'one two three four')).toEqual(['a#0', 'a#1', 'b#0']);
      expect(await found('b2', 'one')).toEqual([]);
      const rows = await subject.database.query(
        `select 1 from posting join search_index using (index_id) where name = 'b2' and term = 'one'`,
      );
      expect(rows).toEqual([]);
    });

    test('documents that a build does not meet are removed; the snapshot depends on nothing but what is there', async () => {
      const { builds } = subject.store;
      const first = await ingest('b3', [document('a', 'one'), document('b', 'two'), document('c', 'three')]);
      const build = await begin('b3');
      expect(await builds.known('b3', build, ['a', 'b', 'x'])).toEqual(
        new Map([
          ['a', document('a', 'one').contentHash],
          ['b', document('b', 'two').contentHash],
        ]),
      );
      await builds.keep('b3', build, ['b']);
      await builds.put('b3', build, [document('d', 'four')]);
      expect([...(await builds.known('b3', build, ['d'])).keys()]).toEqual(['d']);
      const second = await builds.commit('b3', build);
      expect(second).toMatchObject({ documents: 2, passages: 2, added: 1, changed: 0, removed: 2 });
      expect(second.snapshot).not.toBe(first.snapshot);

      const other = await begin('b3-other-way');
      await builds.put('b3-other-way', other, [document('d', 'four')]);
      await builds.put('b3-other-way', other, [document('b', 'draft')]);
      await builds.put('b3-other-way', other, [document('b', 'two')]);
      expect((await builds.commit('b3-other-way', other)).snapshot).toBe(second.snapshot);
      expect((await ingest('b3-settings', [document('d', 'four'), document('b', 'two')], 't')).snapshot).not.toBe(
        second.snapshot,
      );
    });

    test('a build that changes nothing leaves the snapshot as it was', async () => {
      const { builds, indexes } = subject.store;
      const first = await ingest('b4', [document('a', 'one')]);
      const build = await begin('b4');
      await builds.keep('b4', build, ['a']);
      const nothing = { added: 0, changed: 0, removed: 0 };
      expect(await builds.commit('b4', build)).toEqual({ ...first, ...nothing });
      // One that went to and fro, too.
      const again = await begin('b4');
      await builds.put('b4', again, [document('a', 'two')]);
      expect(await builds.put('b4', again, [document('a', 'one')])).toMatchObject({ unchanged: 1 });
      expect(await builds.commit('b4', again)).toEqual({ ...first, ...nothing });
      expect(await indexes.snapshots('b4')).toHaveLength(1);
    });

    test('under other settings nothing is known, and everything must be put again', async () => {
      const { builds } = subject.store;
      await ingest('b5', [document('a', 'one')], 's');
      const build = await begin('b5', 't');
      expect(await builds.known('b5', build, ['a'])).toEqual(new Map());
      await expect(builds.keep('b5', build, ['a'])).rejects.toMatchObject({ code: 'document_unknown' });
      expect(await builds.put('b5', build, [document('a', 'one')])).toMatchObject({ changed: 1 });
      expect(await builds.commit('b5', build)).toMatchObject({ documents: 1, passages: 1, changed: 1 });
    });

    test('a second builder is refused by name; the same one resumes; a dead one is succeeded', async () => {
      const { builds } = subject.store;
      const build = await begin('b6', 's', 'first');
      await builds.put('b6', build, [document('a', 'half')]);
      await expect(begin('b6', 's', 'second')).rejects.toMatchObject({
        code: 'index_building',
        data: { owner: 'first' },
      });
      expect(await builds.begin('b6', { settingsHash: 's', owner: 'first' })).toEqual({ build, resumed: true });
      subject.at += 59_000;
      await builds.known('b6', build, []);
      subject.at += 59_000;
      await expect(begin('b6', 's', 'second')).rejects.toMatchObject({ code: 'index_building' });
      subject.at += 1_000;
      const next = await begin('b6', 's', 'second');
      expect(next).toBeGreaterThan(build);
      const late = await Promise.allSettled([
        builds.put('b6', build, [document('b', 'late')]),
        builds.keep('b6', build, []),
        builds.known('b6', build, []),
        builds.commit('b6', build),
      ]);
      expect(late.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
        Array(4).fill('build_ended'),
      );
      await builds.put('b6', next, [document('b', 'whole')]);
      expect(await builds.commit('b6', next)).toMatchObject({ documents: 1, passages: 1 });
      expect(await found('b6', 'half whole')).toEqual(['b#0']);
    });

    test('a commit knows how many passages there are, and so does not compare each with each', async () => {
      await ingest('b12-first', [document('a', 'red')]);
      const build = await begin('b12');
      const documents = Array.from({ length: 500 }, (_, n) => document(`d${n}`, 'red', 'blue'));
      await subject.store.builds.put('b12', build, documents);
      const expected: number[] = [];
      const watched: Database = {
        ...subject.database,
        transaction: (body) =>
          subject.database.transaction(async (queries) => {
            const [index] = await queries.query<{ id: number }>(
              `select index_id as id from search_index where name = 'b12'`,
            );
            const [plan] = await queries.query<{ 'QUERY PLAN': readonly [{ Plan: { 'Plan Rows': number } }] }>(
              `explain (format json) select from passage where index_id = ${index!.id}`,
            );
            expected.push(plan!['QUERY PLAN'][0].Plan['Plan Rows']);
            return body(queries);
          }),
      };
      await createStore(watched, { clock: () => subject.at }).builds.commit('b12', build);
      expect(expected).toHaveLength(1);
      // It samples; without, it takes them for one.
      expect(expected[0]).toBeGreaterThan(500);
      expect(expected[0]).toBeLessThan(2_000);
    });

    test('an abandoned build leaves nothing', async () => {
      const { builds } = subject.store;
      await ingest('b7', [document('a', 'kept')]);
      const build = await begin('b7');
      await builds.put('b7', build, [document('a', 'dropped'), document('b', 'dropped')]);
      await builds.abandon('b7', build);
      await builds.abandon('b7', build);
      await builds.abandon('b7', 99);
      const next = await begin('b7');
      await builds.keep('b7', next, ['a']);
      expect(await builds.commit('b7', next)).toMatchObject({ documents: 1, passages: 1, added: 0, removed: 0 });
      expect(await found('b7', 'kept dropped')).toEqual(['a#0']);
      for (const table of ['document', 'passage', 'posting']) {
        const rows = await subject.database.query(
          `select 1 from ${table} join search_index using (index_id) where name = 'b7' and from_sequence = $1`,
          [build],
        );
        expect(rows).toEqual([]);
      }
    });
  });
}
