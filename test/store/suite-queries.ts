/** Queries that nobody means well with, in every mode: by words, by meaning, and by both. */
import { beforeAll, describe, expect, test } from 'vitest';
import { embedBuild } from '../../src/retrieval/embed-build.ts';
import { localLsa } from '../../src/retrieval/embedders.ts';
import { createSearchByMode, type SearchMode } from '../../src/retrieval/search.ts';
import { document } from './documents.ts';
import type { Subject } from './suite.ts';

const INDEX = 'odd-queries';
const TEXTS = {
  stream: 'Select passages and stream tokens to the table',
  cache: 'Drop the cache of tokens when providers return errors',
  tower: '東京 タワー は 高い',
  station: '京都 駅 は 広い',
};

export function describeQueries(subject: Subject): void {
  describe.each<SearchMode>(['keyword', 'vector', 'hybrid'])('odd queries, by %s', (mode) => {
    beforeAll(async () => {
      const { builds, vectors } = subject.store;
      const { build } = await builds.begin(INDEX, { settingsHash: 's', owner: 'me' });
      await builds.put(
        INDEX,
        build,
        Object.entries(TEXTS).map(([id, text]) => document(id, text)),
      );
      await embedBuild(vectors, localLsa, { index: INDEX, build });
      await builds.commit(INDEX, build);
    });
    const search = async (...queries: readonly string[]) => {
      const asked = queries.map((query, place) => ({ id: `${place}`, query }));
      const answers = await createSearchByMode(subject.store)(INDEX, asked, { mode, top: 3 });
      return answers.map(({ hits }) => hits.map(({ id }) => id));
    };

    test('stop words, signs and nothing find nothing, beside a query that finds something', async () => {
      const [nothing, found, signs, empty] = await search('the of and to is', 'stream', '!!! ?! 😀', '');
      expect([nothing, signs, empty]).toEqual([[], [], []]);
      expect(found![0]).toBe('stream#0');
    });

    test('10,000 words are refused by name where each is looked up, and answered where they become one vector', async () => {
      const asked = search(Array.from({ length: 10_000 }, (_, n) => (n % 2 === 0 ? 'stream' : `w${n}`)).join(' '));
      if (mode === 'vector') expect((await asked)[0]![0]).toBe('stream#0');
      else
        await expect(asked).rejects.toMatchObject({
          code: 'query_too_large',
          remedy: expect.stringContaining('512 different words'),
        });
    });

    test('Japanese is words like any others', async () => {
      const [tower, station, unknown] = await search('東京 タワー', '京都、駅', '名古屋城はどこにありますか');
      expect(tower![0]).toBe('tower#0');
      expect(station![0]).toBe('station#0');
      expect(unknown).toEqual([]);
    });

    test('what is an operator elsewhere is not read as one', async () => {
      const answers = await search(
        "stream'; drop table posting; --",
        'stream & !cache | (',
        'stream:* <-> %',
        '"stream" OR 1=1 /* \\ $1 $$ */',
        'stream <=> [1,2]::vector',
      );
      for (const ids of answers) expect(ids).toContain('stream#0');
      const [there] = await subject.database.query(`select to_regclass('posting') is not null as there`);
      expect(there).toEqual({ there: true });
    });
  });
}
