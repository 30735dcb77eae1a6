/** Vectors: embedding builds, whatever interrupts it, and searching them, by comparing each and by a graph. */
import { describe, expect, test } from 'vitest';
import { embedBuild } from '../../src/retrieval/embed-build.ts';
import type { Embedder, EmbeddingModel } from '../../src/retrieval/embedder.ts';
import { embedderAmong, localLsa } from '../../src/retrieval/embedders.ts';
import { createTextSearch } from '../../src/retrieval/search.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { DocumentInput } from '../../src/store/documents.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import type { PassageText } from '../../src/store/vectors.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

const DIMENSIONS = 8;

/** A direction from the text alone; none where it says nothing. Counts the passages it is given. */
function fakeEmbedder(dimensions = DIMENSIONS) {
  const state = { embedded: 0, learned: 0, failAfter: Number.POSITIVE_INFINITY };
  const vectorOf = (text: string) => {
    if (text === 'nothing') return undefined;
    let seed = [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)!) >>> 0, 7);
    return Float32Array.from({ length: dimensions }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 31 - 1;
    });
  };
  const modelOf = (id: string): EmbeddingModel => ({
    id,
    dimensions,
    async embedPassages(passages: readonly PassageText[]) {
      state.embedded += passages.length;
      if (state.embedded > state.failAfter) throw new Error('killed');
      return passages.map(({ text }) => vectorOf(text));
    },
    embedQueries: async (queries) => queries.map(vectorOf),
  });
  const embedder: Embedder = {
    name: 'test/fake',
    async learn({ ids }) {
      state.learned += 1;
      const id = `test/fake:${ids.join('-')}`.slice(0, 60);
      return { model: modelOf(id), state: Buffer.from(`what ${id} needs ${'x'.repeat(2_500_000)}`) };
    },
    restore(id, stored) {
      if (!Buffer.from(stored).toString().startsWith(`what ${id} needs`)) throw new Error('not what was stored');
      return modelOf(id);
    },
  };
  return { embedder, state, vectorOf };
}

export function describeVectors(subject: Subject): void {
  const begin = async (index: string, documents: readonly DocumentInput[]) => {
    const { build } = await subject.store.builds.begin(index, { settingsHash: 's', owner: 'me' });
    await subject.store.builds.put(index, build, documents);
    return build;
  };
  const ingest = async (
    index: string,
    documents: readonly DocumentInput[],
    embedder: Embedder,
    store = subject.store,
  ) => {
    const build = await begin(index, documents);
    await embedBuild(store.vectors, embedder, { index, build });
    return store.builds.commit(index, build);
  };
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => document(`d${from + n}`, `text ${from + n}`));
  const find = async (
    store: Store,
    embedder: Embedder,
    index: string,
    query: string,
    options: Partial<Parameters<ReturnType<typeof createTextSearch>['search']>[2]> = {},
  ) => {
    const [answer] = await createTextSearch(store, embedderAmong([embedder])).search(index, [{ id: 'q', query }], {
      top: 5,
      ...options,
    });
    return answer!.hits.map(({ id }) => id);
  };
  const models = (index: string) =>
    subject.database.query<{ model: string; hasGraph: boolean; vectors: number }>(
      `select model, has_graph as "hasGraph",
              (select count(*) from passage_vector where passage_vector.embedding_no = embedding.embedding_no) as vectors
       from embedding join search_index using (index_id) where name = $1 order by embedding_no`,
      [index],
    );

  const graphs = () =>
    subject.database.query(
      `select indexname from pg_indexes where starts_with(indexname, 'passage_vector_graph_') order by indexname`,
    );

  describe('vectors', () => {
    test('a passage is found by its own words, with the cosine, and several queries are asked at once', async () => {
      const { embedder, vectorOf } = fakeEmbedder();
      await ingest('v1', [...numbered(0, 30), document('mute', 'nothing')], embedder);
      const { model } = await subject.store.vectorSearch.embedded('v1');
      const queries = ['text 7', 'text 21', 'nothing'].map((text) => ({ id: text, vector: vectorOf(text) }));
      const answers = await subject.store.vectorSearch.nearest('v1', queries, { top: 3, model });
      expect(answers.map(({ id, hits }) => [id, hits[0]?.id, hits.length])).toEqual([
        ['text 7', 'd7#0', 3],
        ['text 21', 'd21#0', 3],
        ['nothing', undefined, 0],
      ]);
      expect(answers[0]!.hits[0]).toMatchObject({ title: 'About d7', heading: ['d7'], text: 'text 7' });
      expect(answers[0]!.hits[0]!.score).toBeCloseTo(1, 6);
      const scores = answers[0]!.hits.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((one, other) => other - one));
    });

    test('equal vectors are ordered by id, and the limit cuts there', async () => {
      const { embedder } = fakeEmbedder();
      await ingest(
        'v2',
        ['c', 'a', 'b', 'e', 'd'].map((id) => document(id, 'same')),
        embedder,
      );
      expect(await find(subject.store, embedder, 'v2', 'same', { top: 3 })).toEqual(['a#0', 'b#0', 'c#0']);
    });

    test('a few changes are folded in, many make a new model; old snapshots keep theirs', async () => {
      const { embedder, state } = fakeEmbedder();
      const first = await ingest('v3', numbered(0, 40), embedder);
      expect(state).toMatchObject({ learned: 1, embedded: 40 });
      await ingest('v3', numbered(0, 40), embedder);
      expect(state).toMatchObject({ learned: 1, embedded: 40 });

      const folded = await ingest('v3', numbered(2, 42), embedder);
      expect(state).toMatchObject({ learned: 1, embedded: 42 });
      expect(await find(subject.store, embedder, 'v3', 'text 41', { top: 1 })).toEqual(['d41#0']);
      expect(await find(subject.store, embedder, 'v3', 'text 1', { top: 40 })).not.toContain('d1#0');

      // Against the passages it was fitted to, not those of the snapshot before: 5 of 40.
      const refitted = await ingest('v3', numbered(5, 45), embedder);
      expect(state).toMatchObject({ learned: 2, embedded: 82 });
      expect(await models('v3')).toMatchObject([{ vectors: 42 }, { vectors: 40 }]);
      expect(await find(subject.store, embedder, 'v3', 'text 44', { top: 1 })).toEqual(['d44#0']);

      // Two snapshots were fitted by now: the change is counted against the one whose model it is.
      await ingest('v3', numbered(6, 46), embedder);
      expect(state).toMatchObject({ learned: 2, embedded: 83 });
      await ingest('v3', numbered(12, 52), embedder);
      expect(state).toMatchObject({ learned: 3, embedded: 123 });
      for (const [snapshot, id] of [
        [first.snapshot, 'd0#0'],
        [folded.snapshot, 'd2#0'],
      ] as const)
        expect(await find(subject.store, embedder, 'v3', `text ${id.slice(1, -2)}`, { top: 1, snapshot })).toEqual([
          id,
        ]);
      expect(await find(subject.store, embedder, 'v3', 'text 44', { top: 40, snapshot: first.snapshot })).not.toContain(
        'd44#0',
      );
      expect(new Set([first, folded, refitted].map(({ snapshot }) => snapshot)).size).toBe(3);
    });

    test('interrupted anywhere, it goes on, and the snapshot is the same', async () => {
      const whole = fakeEmbedder();
      const documents = Array.from({ length: 700 }, (_, n) => document(`d${n}`, `text ${n}`));
      const put = async (index: string) => {
        const build = await begin(index, documents.slice(0, 400));
        await subject.store.builds.put(index, build, documents.slice(400));
        return build;
      };
      await embedBuild(subject.store.vectors, whole.embedder, { index: 'v4', build: await put('v4') });
      const undisturbed = await subject.store.builds.commit('v4', 1);

      const { embedder, state } = fakeEmbedder();
      const build = await put('v4-killed');
      const embed = () => embedBuild(subject.store.vectors, embedder, { index: 'v4-killed', build });
      for (const failAfter of [0, 300, 600]) {
        state.failAfter = failAfter;
        await expect(embed()).rejects.toThrow('killed');
        await expect(find(subject.store, embedder, 'v4-killed', 'x')).rejects.toMatchObject({
          code: 'index_not_built',
        });
      }
      state.failAfter = Number.POSITIVE_INFINITY;
      await embed();
      expect(state.learned).toBe(1);
      const resumed = await subject.store.builds.commit('v4-killed', build);
      expect(resumed.snapshot).toBe(undisturbed.snapshot);
      expect(await models('v4-killed')).toMatchObject([{ vectors: 700 }]);
    });

    test('without embeddings a snapshot has another hash, and is refused by name', async () => {
      const { embedder } = fakeEmbedder();
      const documents = numbered(0, 5);
      const plain = await subject.store.builds.commit('v5', await begin('v5', documents));
      await expect(find(subject.store, embedder, 'v5', 'text 1')).rejects.toMatchObject({
        code: 'index_not_embedded',
        message: expect.stringContaining("'v5'"),
        remedy: expect.stringContaining('--embed local/lsa'),
      });
      const embedded = await ingest('v5', documents, embedder);
      expect(embedded).toMatchObject({ added: 0, changed: 0, removed: 0 });
      expect(embedded.snapshot).not.toBe(plain.snapshot);
      expect(await find(subject.store, embedder, 'v5', 'text 1', { top: 1 })).toEqual(['d1#0']);
    });

    test('vectors of another model are refused, by both names', async () => {
      const { embedder, vectorOf } = fakeEmbedder();
      await ingest('v6', numbered(0, 3), embedder);
      const asked = [{ id: 'q', vector: vectorOf('x') }];
      await expect(
        subject.store.vectorSearch.nearest('v6', asked, { top: 3, model: 'other/model' }),
      ).rejects.toMatchObject({
        code: 'embedding_model_differs',
        message: expect.stringMatching(/test\/fake.*other\/model/),
      });
      await expect(find(subject.store, localLsa, 'v6', 'x')).rejects.toMatchObject({ code: 'embedding_model_unknown' });
    });

    test('an abandoned build leaves no model and no vector', async () => {
      const { embedder } = fakeEmbedder();
      const store = createStore(subject.database, { scannedVectors: 10 });
      await ingest('v7', numbered(0, 20), embedder, store);
      const left = async () => [await models('v7'), await graphs()];
      const before = await left();
      const build = await begin('v7', numbered(10, 40));
      await embedBuild(store.vectors, embedder, { index: 'v7', build });
      expect(await models('v7')).toHaveLength(2);
      expect(await left()).not.toEqual(before);
      await store.builds.abandon('v7', build);
      expect(await left()).toEqual(before);
    });

    test.each([
      [DIMENSIONS, 220],
      [2_500, 60],
    ])('a graph of %i dimensions finds what comparing each finds', async (dimensions, count) => {
      const { embedder, vectorOf } = fakeEmbedder(dimensions);
      const store = createStore(subject.database, { scannedVectors: 25 });
      const index = `v8-${dimensions}`;
      const documents = Array.from({ length: count }, (_, n) => ({
        ...document(`d${n}`, `text ${n}`),
        metadata: { half: n % 2, tags: n < 3 ? ['few', 'rare'] : ['many'] },
      }));
      await ingest(index, documents, embedder, store);
      expect(await models(index)).toMatchObject([{ hasGraph: true, vectors: count }]);
      // Over this model's vectors alone, of its dimensions; more than 2,000 of them in half precision.
      const type = dimensions > 2_000 ? 'halfvec' : 'vector';
      const [graph] = await subject.database.query<{ made: string }>(
        `select indexdef as made from pg_indexes join embedding on indexname = 'passage_vector_graph_' || embedding_no
         join search_index using (index_id) where name = $1`,
        [index],
      );
      expect(graph!.made).toContain(`((vector)::${type}(${dimensions})) ${type}_cosine_ops`);
      expect(graph!.made).toMatch(/ WHERE \(embedding_no = \d+\)$/);
      const { model } = await store.vectorSearch.embedded(index);
      const queries = Array.from({ length: 20 }, (_, n) => ({ id: `${n}`, vector: vectorOf(`question ${n}`) }));
      const ask = async (options: { exact?: boolean; where?: { [key: string]: number | string[] } }) =>
        (await store.vectorSearch.nearest(index, queries, { top: 10, model, ...options })).map(({ hits }) =>
          hits.map(({ id }) => id),
        );
      const overlap = (one: readonly string[][], other: readonly string[][]) =>
        one.flatMap((ids, n) => ids.filter((id) => other[n]!.includes(id))).length / one.flat().length;
      expect(overlap(await ask({ exact: true }), await ask({}))).toBeGreaterThan(0.95);
      // Half of the passages: the graph is searched until enough are found.
      const half = await ask({ where: { half: 1 } });
      expect(half.flat().every((id) => Number(id.slice(1, -2)) % 2 === 1)).toBe(true);
      expect(half.every((ids) => ids.length === 10)).toBe(true);
      expect(overlap(await ask({ exact: true, where: { half: 1 } }), half)).toBeGreaterThan(0.9);
      // Three passages: each is compared.
      for (const ids of await ask({ where: { tags: ['few'] } }))
        expect(ids.toSorted()).toEqual(['d0#0', 'd1#0', 'd2#0']);
      expect((await ask({ where: { half: 3 } })).flat()).toEqual([]);
    });

    test('where the graph does not find enough, each vector is compared', async () => {
      const { builds, vectors } = createStore(subject.database, { clock: () => subject.at, scannedVectors: 25 });
      const [gone, stay] = [numbered(0, 400), numbered(400, 430)];
      const build = await begin('v11', [...gone, ...stay]);
      await vectors.takeModel('v11', build, { model: 'test/two-sided', dimensions: 3 });
      const vectorOf = (n: number) => Float32Array.of(n < 400 ? 1 : -1, n / 1_000, 0.1);
      const put = (await vectors.coming('v11', build)).map(({ no, id }) => ({
        no,
        vector: vectorOf(Number(id.slice(1, -2))),
      }));
      await vectors.put('v11', build, put);
      await vectors.prepare('v11', build);
      await builds.commit('v11', build);
      // What is near the query goes, but for the old snapshot; the graph has it still.
      await vectors.keepModel('v11', await begin('v11', stay));
      await builds.commit('v11', build + 1);
      // One connection, on which a graph is left at once, and used at any price.
      const database = openDatabase(subject.url, { poolSize: 1 });
      const settings = ['hnsw.max_scan_tuples = 1', 'enable_seqscan = off', 'enable_sort = off'];
      for (const setting of settings) await database.query(`set ${setting}`);
      try {
        const { vectorSearch } = createStore(database, { scannedVectors: 25 });
        const ask = (options: { exact?: boolean }) =>
          vectorSearch.nearest('v11', [{ id: 'q', vector: Float32Array.of(1, 0, 0) }], {
            top: 10,
            model: 'test/two-sided',
            ...options,
          });
        const [[found], [exact]] = [await ask({}), await ask({ exact: true })];
        expect(found!.hits).toHaveLength(10);
        expect(found!.hits.map(({ id }) => id)).toEqual(exact!.hits.map(({ id }) => id));
      } finally {
        for (const setting of settings) await database.query(`reset ${setting.split(' ')[0]}`);
        await database.close();
      }
    });

    test('a search leaves no setting behind', async () => {
      const settings = () =>
        subject.database.query(
          `select current_setting('hnsw.ef_search', true) as candidates, current_setting('hnsw.iterative_scan', true) as scan,
                  current_setting('maintenance_work_mem') as memory`,
        );
      const { embedder } = fakeEmbedder();
      const store = createStore(subject.database, { scannedVectors: 10 });
      const before = await settings();
      await ingest('v9', numbered(0, 30), embedder, store);
      await find(store, embedder, 'v9', 'text 3');
      const after = await settings();
      expect(after).toEqual([{ ...before[0], candidates: '40', scan: 'off' }]);
    });

    test('the order of passages and of batches does not change a fitted model, nor the snapshot', async () => {
      const words = 'stream model provider index token cache error retry schema node chat tool agent image'.split(' ');
      const text = (n: number) => Array.from({ length: 12 }, (_, at) => words[(n * 7 + at * at * 3) % 14]!).join(' ');
      const documents = Array.from({ length: 40 }, (_, n) => document(`d${n}`, text(n), text(n + 50)));
      const one = await ingest('v10', documents, localLsa);
      const other = await ingest('v10-reversed', documents.toReversed(), localLsa);
      expect(other.snapshot).toBe(one.snapshot);
      expect(await find(subject.store, localLsa, 'v10', text(3), { top: 3 })).toEqual(
        await find(subject.store, localLsa, 'v10-reversed', text(3), { top: 3 }),
      );
    });

    test('too much at once is refused', async () => {
      const ask = (queries: number, top = 10) =>
        subject.store.vectorSearch.nearest('v10', Array(queries).fill({ id: 'q', vector: undefined }), {
          top,
          model: 'm',
        });
      await expect(ask(501)).rejects.toMatchObject({ code: 'queries_too_many' });
      for (const top of [0, 101, 1.5]) await expect(ask(1, top)).rejects.toMatchObject({ code: 'top_invalid' });
    });
  });
}
