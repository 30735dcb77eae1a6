/** How many passages hold a word, kept by commits, against the postings themselves: whatever builds go through. */
import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/store/migrate.ts';
import { rankedCorpus } from './bm25.ts';
import { buildHelpers } from './build-helpers.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

export function describeTerms(subject: Subject): void {
  const { begin, found, ingest } = buildHelpers(subject);

  /** Words whose count in a snapshot is not what its postings say. */
  const miscounted = (index: string) =>
    subject.database.query(
      `with snapshots as (
         select index_id, sequence from search_index join snapshot using (index_id) where name = $1
       ), kept as (
         select snapshots.sequence, term, sum(passages) as passages
         from snapshots join term_count using (index_id) where term_count.sequence <= snapshots.sequence
         group by snapshots.sequence, term having sum(passages) <> 0
       ), counted as (
         select sequence, term, count(*) as passages
         from snapshots join posting using (index_id) join passage using (passage_no)
         where posting.from_sequence <= sequence and (to_sequence is null or to_sequence > sequence)
         group by sequence, term
       )
       select sequence, term, kept.passages as kept, counted.passages as counted
       from kept full join counted using (sequence, term)
       where kept.passages is distinct from counted.passages`,
      [index],
    );
  const counts = (index: string) =>
    subject.database.query(
      `select sequence, term, passages from term_count join search_index using (index_id) where name = $1
       order by sequence, term`,
      [index],
    );

  describe('counts of words', () => {
    test('are right after builds that were repeated, changed, abandoned, taken over and empty', async () => {
      const { builds } = subject.store;
      const first = await ingest('t1', [document('a', 'red fox'), document('b', 'red bird'), document('c', 'blue')]);
      expect(await miscounted('t1')).toEqual([]);

      // Put twice, and put again otherwise; committed twice.
      const second = await begin('t1');
      await builds.put('t1', second, [document('a', 'green fox'), document('d', 'red')]);
      await builds.put('t1', second, [document('a', 'green fox'), document('d', 'blue red')]);
      await builds.keep('t1', second, ['b']);
      await builds.commit('t1', second);
      const committed = await counts('t1');
      await builds.commit('t1', second);
      expect(await counts('t1')).toEqual(committed);
      expect(await miscounted('t1')).toEqual([]);

      const abandoned = await begin('t1');
      await builds.put('t1', abandoned, [document('a', 'red red red'), document('x', 'red')]);
      await builds.abandon('t1', abandoned);
      expect(await counts('t1')).toEqual(committed);

      // One that dies is taken over by another owner.
      await builds.put('t1', await begin('t1', 's', 'dead'), [document('y', 'red')]);
      subject.at += 120_000;
      const next = await begin('t1', 's', 'heir');
      await builds.put('t1', next, [document('z', 'red')]);
      await builds.commit('t1', next);
      expect(await miscounted('t1')).toEqual([]);

      // Everything goes, and comes again.
      await builds.commit('t1', await begin('t1'));
      expect(await found('t1', 'red')).toEqual([]);
      await ingest('t1', [document('a', 'red fox')]);
      expect(await miscounted('t1')).toEqual([]);
      expect(await found('t1', 'red', first.snapshot)).toEqual(['a#0', 'b#0']);
    });

    test('are made by the migration for indexes that were there before it', async () => {
      const { builds } = subject.store;
      await ingest('t2', rankedCorpus(7, 120));
      await ingest('t2', [...rankedCorpus(7, 120).slice(30), ...rankedCorpus(8, 120).slice(0, 30)]);
      const open = await begin('t2');
      await builds.put('t2', open, [document('open', 'w1 w2 unseen')]);
      const before = await counts('t2');
      await subject.database.query('drop table term_count');
      await subject.database.query(`delete from migration where name = '0004_term_counts'`);
      expect(await migrate(subject.database)).toEqual(['0004_term_counts']);
      expect(await counts('t2')).toEqual(before);
      expect(await miscounted('t1')).toEqual([]);
      await builds.keep('t2', open, ['r0']);
      await builds.commit('t2', open);
      expect(await miscounted('t2')).toEqual([]);
      expect(await found('t2', 'unseen')).toEqual(['open#0']);
    });
  });
}
