/** Snapshots that stay, and documents that cannot be stored as they are. */
import { describe, expect, test } from 'vitest';
import { DOCUMENT_LIMITS, type DocumentInput } from '../../src/store/documents.ts';
import { buildHelpers } from './build-helpers.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

export function describeSnapshots(subject: Subject): void {
  const { found, begin, ingest } = buildHelpers(subject);

  describe('snapshots and documents', () => {
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

    test('what was changed, or removed, and is as it was does not differ', async () => {
      const { indexes } = subject.store;
      const one = await ingest('b8-restored', [document('a', 'red'), document('b', 'blue')]);
      await ingest('b8-restored', [document('a', 'green')]);
      const three = await ingest('b8-restored', [document('a', 'red'), document('b', 'blue'), document('c', 'new')]);
      const diff = await indexes.diff('b8-restored', one.snapshot, three.snapshot);
      expect(diff).toMatchObject({ added: ['c'], changed: [], removed: [] });
      const other = await ingest('b8-restored', [document('a', 'red'), document('b', 'blue')], 'other settings');
      const rechunked = await indexes.diff('b8-restored', one.snapshot, other.snapshot);
      expect(rechunked).toMatchObject({ added: [], changed: ['a', 'b'], removed: [] });
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
