/** Keyword search against BM25 written out here, over the same words. */
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../src/base/words.ts';
import type { DocumentInput } from '../../src/store/documents.ts';
import { type KeywordOptions, type KeywordQuery, QUERY_LIMITS } from '../../src/store/keyword-search.ts';
import { type Counted, corpus, numbers, rankedCorpus, rankedQuery, reference, VOCABULARY } from './bm25.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

export function describeSearch(subject: Subject): void {
  const ingest = async (index: string, documents: readonly DocumentInput[]) => {
    const { builds } = subject.store;
    const { build } = await builds.begin(index, { settingsHash: 's', owner: 'me' });
    await builds.put(index, build, documents);
    return builds.commit(index, build);
  };
  const lexemes = async (texts: readonly string[]) => {
    const rows = await subject.database.query<{ words: { lexeme: string; times: number }[] | null }>(
      `select (select json_agg(json_build_object('lexeme', lexeme, 'times', cardinality(positions)))
               from unnest(to_tsvector('english', t))) as words
       from unnest($1::text[]) with ordinality as given (t, place) order by place`,
      [texts.map(wordsOf)],
    );
    return rows.map(({ words }) => new Map((words ?? []).map(({ lexeme, times }) => [lexeme, times])));
  };
  const count = async (documents: readonly DocumentInput[]): Promise<Counted[]> => {
    const passages = documents.flatMap(({ title, passages: own }) => own.map((passage) => ({ title, ...passage })));
    const texts = await lexemes(passages.map(({ text, heading }) => [...heading, text].join(' ')));
    const titles = await lexemes(passages.map(({ title }) => title ?? ''));
    return passages.map(({ id }, n) => {
      const counts = new Map(texts[n]);
      for (const [term, times] of titles[n]!) counts.set(term, (counts.get(term) ?? 0) + 2 * times);
      return { id, counts, length: [...counts.values()].reduce((sum, times) => sum + times, 0) };
    });
  };
  /** Compares the answers with the reference, ids and scores, and returns how many hits each has. */
  const expectBm25 = async (
    index: string,
    documents: readonly DocumentInput[],
    queries: readonly KeywordQuery[],
    options: KeywordOptions,
  ) => {
    const passages = await count(documents);
    const terms = await lexemes(queries.map(({ query }) => query));
    const answers = await subject.store.search.keyword(index, queries, options);
    answers.forEach(({ id, hits }, n) => {
      const expected = reference(passages, [...terms[n]!.keys()].sort(), options.top);
      expect(id).toBe(queries[n]!.id);
      expect(hits.map((hit) => hit.id)).toEqual(expected.map((hit) => hit.id));
      for (const [place, hit] of hits.entries())
        expect(Math.abs(hit.score - expected[place]!.score)).toBeLessThan(1e-9);
    });
    return answers.map(({ hits }) => hits.length);
  };
  const search = async (index: string, query: string, top = 10) =>
    (await subject.store.search.keyword(index, [{ id: 'q', query }], { top }))[0]!.hits;

  describe('keyword search', () => {
    test('is BM25: 60 queries over 240 passages, of this snapshot and of one before', async () => {
      const [first, second] = [corpus(1, 80), corpus(2, 120)];
      const { snapshot } = await ingest('bm25', first);
      await ingest('bm25', second);
      const below = numbers(3);
      const queries = [...Array(60).keys()].map((n) => ({
        id: `q${n}`,
        query: [...Array(1 + below(6))].map(() => VOCABULARY[below(VOCABULARY.length)]).join(' '),
      }));
      for (const [documents, pin] of [
        [second, undefined],
        [first, snapshot],
      ] as const)
        expect(await expectBm25('bm25', documents, queries, { top: 25, ...(pin && { snapshot: pin }) })).toContain(25);
    });

    test.each([1, 2])('leaves out no hit, whatever it leaves out: corpus %i, three snapshots', async (seed) => {
      const index = `ranked-${seed}`;
      const documents = rankedCorpus(seed, 500);
      const changed = rankedCorpus(seed + 100, 500);
      const snapshots = [
        documents.slice(0, 400),
        // A quarter goes, a quarter changes, a fifth is new.
        [...documents.slice(100, 300), ...changed.slice(300, 500)],
        [...documents.slice(0, 50), ...changed.slice(250, 480)],
      ];
      const taken: (readonly [readonly DocumentInput[], string])[] = [];
      for (const held of snapshots) taken.push([held, (await ingest(index, held)).snapshot]);
      const below = numbers(seed);
      const queries = [...Array(60).keys()].map((n) => ({ id: `q${n}`, query: rankedQuery(below) }));
      for (const [held, snapshot] of taken)
        for (const top of [1, 3, 10]) expect(await expectBm25(index, held, queries, { top, snapshot })).toContain(top);
    });

    test('words are the same on every server, whatever its locale', async () => {
      const text =
        'Über naïve ﬁne École e\u0301cole ΣΊΣΥΦΟΣ ПРИВЕТ 東京 हिन्दी node.js /api/chat running v5 3.14 don\u2019t';
      expect([...(await lexemes([text]))[0]!.keys()].sort()).toEqual(
        [
          '14',
          '3',
          'api',
          'chat',
          'fine',
          'js',
          'naïv',
          'node',
          'run',
          'v5',
          'école',
          'über',
          'σίσυφος',
          'привет',
          'हिन्दी',
          '東京',
        ].sort(),
      );
    });

    test('equal scores are ordered by id, and the limit cuts there', async () => {
      await ingest(
        'ties',
        ['c', 'a', 'b', 'e', 'd'].map((id) => ({ ...document(id, 'equal words'), title: 'x' })),
      );
      expect((await search('ties', 'equal', 3)).map((hit) => hit.id)).toEqual(['a#0', 'b#0', 'c#0']);
    });

    test('a hit has what is shown of a passage', async () => {
      const { title: _, url: __, ...bare } = document('bare', 'plain words');
      await ingest('shown', [document('full', 'rich words'), bare]);
      expect(await search('shown', 'rich')).toEqual([
        {
          id: 'full#0',
          score: expect.any(Number),
          text: 'rich words',
          title: 'About full',
          url: 'https://example.org/full',
          heading: ['full'],
        },
      ]);
      expect((await search('shown', 'plain'))[0]).toMatchObject({ title: null, url: null });
    });

    test('a word in the title counts more', async () => {
      const bodies = { text: 'alpha beta gamma', tokens: 3, ordinal: 0, heading: [] };
      const make = (id: string, title: string) => ({ ...document(id), title, passages: [{ id, ...bodies }] });
      await ingest('titles', [make('a', 'other'), make('b', 'beta')]);
      expect((await search('titles', 'beta')).map((hit) => hit.id)).toEqual(['b', 'a']);
    });

    test('the headings above a passage are searched with its text', async () => {
      const passage = { text: 'alpha beta', tokens: 2, ordinal: 0, heading: ['Retries', 'Back-off'] };
      await ingest('headings', [{ ...document('a'), title: 'x', passages: [{ id: 'a', ...passage }] }]);
      for (const query of ['retry', 'back', 'BACK-OFF alpha'])
        expect((await search('headings', query)).map((hit) => hit.id)).toEqual(['a']);
    });

    test('what has no words finds nothing, and operators are no operators', async () => {
      await ingest('operators', [document('a', 'select passages'), document('b', 'drop tables')]);
      for (const empty of ['', '   ', 'the of and', '!!! ... \0 \ud800', '😀'])
        expect(await search('operators', empty)).toEqual([]);
      for (const query of [
        "passages'; drop table posting; --",
        'passages & !tables | (',
        'passages:* <-> %',
        '"passages"',
      ])
        expect((await search('operators', query)).map((hit) => hit.id)).toContain('a#0');
      expect((await search('operators', 'passages !tables')).map((hit) => hit.id)).toEqual(['a#0', 'b#0']);
      expect((await search('operators', 'PASSAGE passages passage')).map((hit) => hit.score)).toEqual(
        (await search('operators', 'passage')).map((hit) => hit.score),
      );
    });

    test('too much at once is refused', async () => {
      const ask = (queries: number, query: string, top = 10) =>
        subject.store.search.keyword('operators', Array(queries).fill({ id: 'big', query }), { top });
      const words = [...Array(QUERY_LIMITS.words + 1).keys()].map((n) => `w${n}`).join(' ');
      await expect(ask(1, 'x'.repeat(QUERY_LIMITS.characters + 1))).rejects.toMatchObject({ code: 'query_too_large' });
      await expect(ask(1, words)).rejects.toMatchObject({ code: 'query_too_large' });
      await expect(ask(QUERY_LIMITS.queries + 1, 'x')).rejects.toMatchObject({ code: 'queries_too_many' });
      for (const top of [0, 101, 1.5]) await expect(ask(1, 'x', top)).rejects.toMatchObject({ code: 'top_invalid' });
      expect(await ask(0, 'x')).toEqual([]);
    });
  });
}
