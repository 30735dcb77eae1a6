/** Building indexes: leases, idempotence, snapshots, and what readers see meanwhile. */
import { describe, expect, test } from 'vitest';
import { DOCUMENT_LIMITS, type DocumentInput } from '../../src/store/documents.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

export function describeBuilds(subject: Subject): void {
  const found = async (index: string, query: string, snapshot?: string) =>
    (
      await subject.store.search.keyword(index, [{ id: 'q', query }], { top: 100, ...(snapshot && { snapshot }) })
    )[0]!.hits
      .map((hit) => hit.id)
      .sort();
  const begin = async (index: string, settingsHash = 's', owner = 'me') =>
    (await subject.store.builds.begin(index, { settingsHash, owner })).build;
  const ingest = async (index: string, documents: readonly DocumentInput[], settingsHash = 's') => {
    const build = await begin(index, settingsHash);
    await subject.store.builds.put(index, build, documents);
    return subject.store.builds.commit(index, build);
  };

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

    test('old snapshots stay searchable and comparable', async () => {
      const { indexes } = subject.store;
      const one = await ingest('b8', [document('a', 'red'), document('b', 'red'), document('c', 'green')]);
      const two = await ingest('b8', [document('a', 'red'), document('b', 'blue'), document('d', 'red')]);
      expect(await found('b8', 'red')).toEqual(['a#0', 'd#0']);
      expect(await found('b8', 'red', one.snapshot)).toEqual(['a#0', 'b#0']);
      expect(await found('b8', 'red', two.snapshot.slice(0, 12))).toEqual(['a#0', 'd#0']);
      expect(await found('b8', 'green', one.snapshot.slice(0, 12).toUpperCase())).toEqual(['c#0']);
      expect(await indexes.diff('b8', one.snapshot, two.snapshot)).toMatchObject({
        added: ['d'],
        changed: ['b'],
        removed: ['c'],
      });
      expect((await indexes.snapshots('b8')).map(({ hash }) => hash)).toEqual([two.snapshot, one.snapshot]);
      expect((await indexes.snapshot('b8')).hash).toBe(two.snapshot);
      // Content that was there before has the hash it had.
      const three = await ingest('b8', [document('a', 'red'), document('b', 'red'), document('c', 'green')]);
      expect(three.snapshot).toBe(one.snapshot);
      expect(three.sequence).toBeGreaterThan(two.sequence);
      await expect(indexes.snapshot('b8', 'ffffffff')).rejects.toMatchObject({ code: 'snapshot_unknown' });
      await expect(indexes.snapshot('b8', '')).rejects.toMatchObject({ code: 'snapshot_ambiguous' });
      await expect(found('b8', 'red', 'zz')).rejects.toMatchObject({ code: 'snapshot_unknown' });
    });

    test('an empty build is a snapshot of nothing', async () => {
      const { builds } = subject.store;
      const outcome = await builds.commit('b9', await begin('b9'));
      expect(outcome).toMatchObject({ documents: 0, passages: 0, added: 0 });
      expect(await found('b9', 'anything')).toEqual([]);
      expect(await ingest('b9', [document('wordless', '...')])).toMatchObject({ documents: 1, passages: 1 });
    });

    test('unknown names are refused with the nearest', async () => {
      await ingest('manual', []);
      const { indexes } = subject.store;
      const refusal = { code: 'index_unknown', remedy: "did you mean 'manual'?" };
      await expect(indexes.get('manuel')).rejects.toMatchObject(refusal);
      await expect(indexes.snapshot('manuel')).rejects.toMatchObject(refusal);
      await expect(found('manuel', 'x')).rejects.toMatchObject(refusal);
      await expect(begin('no/slash')).rejects.toMatchObject({ code: 'index_name_invalid' });
      expect((await indexes.list()).map(({ name }) => name)).toContain('manual');
    });

    test('NUL and lone surrogates are replaced in texts, counted, and refused in ids', async () => {
      const { builds } = subject.store;
      const build = await begin('b10');
      const dirty = { ...document('a', 'nul\0here', 'half \ud83d emoji', 'clean'), metadata: { 'k\0': ['\udc00'] } };
      expect(await builds.put('b10', build, [dirty])).toMatchObject({ added: 1, passages: 3, cleaned: 3 });
      await expect(builds.put('b10', build, [document('b\0', 'x')])).rejects.toMatchObject({
        code: 'document_invalid',
      });
      await expect(builds.put('b10', build, [document('\ud800', 'x')])).rejects.toMatchObject({
        code: 'document_invalid',
      });
      await builds.commit('b10', build);
      const [answer] = await subject.store.search.keyword('b10', [{ id: 'q', query: 'nul emoji' }], { top: 5 });
      expect(answer!.hits.map((hit) => hit.text).sort()).toEqual(['half \u{fffd} emoji', 'nul\u{fffd}here']);
      const [row] = await subject.database.query<{ metadata: unknown }>(
        `select metadata from document join search_index using (index_id) where name = 'b10'`,
      );
      expect(row!.metadata).toEqual({ 'k\u{fffd}': ['\u{fffd}'] });
    });

    test('what is too large or twice there is refused by name', async () => {
      const { builds } = subject.store;
      const build = await begin('b11');
      const put = (...documents: DocumentInput[]) => builds.put('b11', build, documents);
      await expect(put(document('long', 'é'.repeat(2_049)))).rejects.toMatchObject({
        code: 'document_invalid',
        message: expect.stringContaining("'long#0'"),
      });
      await put(document('fits', 'é'.repeat(2_048)));
      await expect(put(document('a', 'x'), document('a', 'y'))).rejects.toMatchObject({ code: 'document_invalid' });
      const many = [...Array(DOCUMENT_LIMITS.documentsPerBatch + 1).keys()].map((n) => document(`d${n}`, 'x'));
      await expect(put(...many)).rejects.toMatchObject({ code: 'batch_too_large' });
      const taken = { ...document('thief', 'x'), passages: document('fits', 'x').passages };
      await expect(put(taken)).rejects.toMatchObject({ code: 'passage_duplicate' });
      await builds.commit('b11', build);
      const next = await begin('b11');
      await builds.keep('b11', next, ['fits']);
      await builds.put('b11', next, [taken]);
      await expect(builds.commit('b11', next)).rejects.toMatchObject({
        code: 'passage_duplicate',
        data: { documents: ['fits', 'thief'] },
      });
    });
  });
}
