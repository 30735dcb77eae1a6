/** Pruning: what goes, what stays, and that what stays is searched as before. */
import { describe, expect, test } from 'vitest';
import { createStore } from '../../src/store/store.ts';
import { rankedCorpus } from './bm25.ts';
import { buildHelpers } from './build-helpers.ts';
import { document } from './documents.ts';
import { createEvaluation } from './evaluation-helpers.ts';
import type { Subject } from './suite.ts';

export function describePrune(subject: Subject): void {
  const { begin, found, ingest } = buildHelpers(subject);
  /** How many rows an index has, by table. */
  const rows = async (index: string) => {
    const count = (table: string) => `(select count(*) from ${table} where index_id = i.index_id) as "${table}"`;
    const [counts] = await subject.database.query<{ [table: string]: number }>(
      `select ${['snapshot', 'document', 'passage', 'posting', 'embedding'].map(count).join(', ')},
              (select count(*) from passage_vector join embedding using (embedding_no) where index_id = i.index_id) as vector,
              (select count(distinct sequence) from term_count where index_id = i.index_id) as counted
       from search_index i where name = $1`,
      [index],
    );
    return counts!;
  };
  /** A build whose passages have vectors of this model, by a graph where they are more than ten. */
  const embed = async (index: string, model: string, ids: readonly string[]) => {
    const { builds, vectors } = createStore(subject.database, { clock: () => subject.at, scannedVectors: 10 });
    const build = await begin(index);
    await builds.put(
      index,
      build,
      ids.map((id) => document(id, `text ${id}`)),
    );
    await vectors.takeModel(index, build, { model, dimensions: 2, state: Buffer.from(model) });
    for (const { passages } of await vectors.missing(index, build))
      await vectors.put(
        index,
        build,
        passages.map((no) => ({ no, vector: Float32Array.of(1, no) })),
      );
    await vectors.prepare(index, build);
    return builds.commit(index, build);
  };

  describe('pruning', () => {
    test('what only old snapshots show goes; what stays has the same scores', async () => {
      const documents = rankedCorpus(11, 60);
      for (const [from, to] of [
        [0, 40],
        [10, 50],
        [20, 60],
        [0, 60],
        [30, 60],
      ] as const)
        await ingest('p1', documents.slice(from, to));
      const { indexes, search } = subject.store;
      const snapshots = await indexes.snapshots('p1');
      const answers = () =>
        Promise.all(
          snapshots
            .slice(0, 2)
            .map(({ hash }) =>
              search.keyword('p1', [{ id: 'q', query: 'w1 w2 w7 w30 w90' }], { top: 50, snapshot: hash }),
            ),
        );
      const [before, was] = [await answers(), await rows('p1')];
      const planned = await subject.store.pruneIndex('p1', { keep: 2, dryRun: true });
      expect(await rows('p1')).toEqual(was);
      expect(planned).toMatchObject({ kept: snapshots.slice(0, 2), removed: snapshots.slice(2) });
      expect(planned.passages).toBeGreaterThan(0);

      expect(await subject.store.pruneIndex('p1', { keep: 2 })).toEqual(planned);
      const now = await rows('p1');
      expect(now.passage).toBe(was.passage! - planned.passages);
      expect(now.document).toBe(was.document! - planned.documents);
      expect(now.counted).toBe(2);
      expect(await answers()).toEqual(before);
      const orphans = await subject.database.query(
        `select 1 from posting join search_index using (index_id)
         where name = 'p1' and passage_no not in (select passage_no from passage)`,
      );
      expect(orphans).toEqual([]);
      await expect(found('p1', 'w1', snapshots[2]!.hash)).rejects.toMatchObject({ code: 'snapshot_unknown' });
      expect(await subject.store.pruneIndex('p1', { keep: 2 })).toMatchObject({
        removed: [],
        documents: 0,
        passages: 0,
      });

      // As if it had never held more.
      await ingest('p1-new', documents.slice(0, 60));
      await ingest('p1-new', documents.slice(30, 60));
      await subject.store.pruneIndex('p1', { keep: 1 });
      await subject.store.pruneIndex('p1-new', { keep: 1 });
      expect(await rows('p1')).toEqual(await rows('p1-new'));
      expect(await indexes.snapshots('p1')).toHaveLength(1);
    });

    test('the newest stays, and so does one that a running run is pinned to', async () => {
      const { plans, runs } = subject.store;
      const pinned = await ingest('p2', [document('a', 'red')]);
      await ingest('p2', [document('a', 'green')]);
      const newest = await ingest('p2', [document('a', 'blue')]);
      const plan = { pipeline: 'pruned', config: { index: 'p2', snapshot: pinned.snapshot.slice(0, 8).toUpperCase() } };
      await plans.put('plan-pinning', plan as never);
      const run = { pipeline: 'pruned', arms: {}, unit: null, idempotencyKey: null, input: {} };
      await runs.begin({ ...run, runId: 'pinning', planId: 'plan-pinning' });
      const { kept } = await subject.store.pruneIndex('p2', { keep: 1 });
      expect(kept.map(({ hash }) => hash)).toEqual([newest.snapshot, pinned.snapshot]);
      expect(await found('p2', 'red', pinned.snapshot)).toEqual(['a#0']);
      await subject.database.query(`update run set state = 'completed' where run_id = 'pinning'`);
      expect((await subject.store.pruneIndex('p2', { keep: 1 })).removed.map(({ hash }) => hash)).toEqual([
        pinned.snapshot,
      ]);
      expect(await rows('p2')).toMatchObject({ snapshot: 1, document: 1, passage: 1 });
    });

    test('what an evaluation holds to stays while it may go on with it, and a week longer where it was broken off', async () => {
      const { evaluations } = subject.store;
      const pinned = await ingest('p4', [document('a', 'red')]);
      await ingest('p4', [document('a', 'green')]);
      await createEvaluation(subject, 'eval-pinning');
      await evaluations.pin('eval-pinning', { digests: {}, snapshots: { p4: pinned.snapshot }, scorerVersions: {} });
      const stays = async () => (await subject.store.pruneIndex('p4', { keep: 1, dryRun: true })).removed.length === 0;
      const endedAgo = (time: string) =>
        subject.database.query(`update evaluation set finished_at = now() - $1::interval where evaluation_id = $2`, [
          time,
          'eval-pinning',
        ]);
      const found = [await stays()];
      for (const state of ['paused', 'stopped', 'completed', 'partial'] as const) {
        await evaluations.setState('eval-pinning', state);
        if (state !== 'paused') await endedAgo('6 days');
        found.push(await stays());
      }
      await endedAgo('8 days');
      expect([...found, await stays()]).toEqual([true, true, true, false, true, false]);
    });

    test('models, vectors and graphs that nothing uses go; an open build keeps what it has', async () => {
      const ids = Array.from({ length: 12 }, (_, n) => `d${n}`);
      const graphs = () =>
        subject.database.query(
          `select indexname from pg_indexes where starts_with(indexname, 'passage_vector_graph_')`,
        );
      const others = (await graphs()).length;
      await embed('p3', 'test/one', ids);
      await embed('p3', 'test/two', ids.slice(1));
      expect((await graphs()).length - others).toBe(2);
      const open = await begin('p3');
      await subject.store.builds.keep('p3', open, ids.slice(2));
      await subject.store.builds.put('p3', open, [document('new', 'text new')]);
      await subject.store.vectors.takeModel('p3', open, { model: 'test/open', dimensions: 2 });
      await subject.store.pruneIndex('p3', { keep: 1 });
      expect((await graphs()).length - others).toBe(1);
      expect(await rows('p3')).toMatchObject({ snapshot: 1, passage: 12, embedding: 2, vector: 11 });
      expect(await subject.store.vectors.modelOf('p3', open)).toMatchObject({ model: 'test/open' });
      const { builds } = subject.store;
      expect(await builds.commit('p3', open)).toMatchObject({ documents: 11, added: 1, removed: 1 });
      await expect(subject.store.pruneIndex('no-such', { keep: 1 })).rejects.toMatchObject({ code: 'index_unknown' });
    });
  });
}
