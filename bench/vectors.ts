/**
 * Search over 100,000 passages on a real PostgreSQL with pgvector: how long vector, keyword and hybrid search take, how
 * many of the truly nearest passages the graph finds, and what it costs to make. The passages are the documentation of
 * the npm package `ai`, grown; queries are questions of the dev half, and pieces of passages.
 *
 * SLUICE_TEST_PG_BIN=<folder with initdb and postgres> npm run bench:vectors [-- --smoke]
 */
import { fuseLists } from '../activities/retrieval.ts';
import { fuse } from '../pipelines/steps.ts';
import { embedBuild } from '../src/embedding/embed-build.ts';
import { localLsa } from '../src/embedding/local-lsa.ts';
import { createTextSearch } from '../src/embedding/text-search.ts';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { createStore } from '../src/store/store.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { grow, type Text } from './lsa/grown-corpus.ts';
import { readDocs } from './support/docs.ts';
import { createInProcessHost } from './support/in-process.ts';
import { isInHalf, readQuestions } from './support/questions.ts';
import { type Figure, report } from './support/report.ts';
import { median, quantile, sum } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const PASSAGES = smoke ? 25_000 : 100_000;
const INDEX = 'grown';
const BATCH = 500;
const ROUNDS = smoke ? 1 : 3;
const PIECES = 125;
const PIECE_WORDS = 12;
const TOP = 20;
const CUT = 10;

const host = createInProcessHost([fuseLists]);
const postgres = await startPostgres();
const database = openDatabase(postgres.url);

async function measure(): Promise<boolean> {
  const store = createStore(database);
  const docs = await readDocs();
  const texts = grow(docs, Math.ceil(PASSAGES / docs.length));
  const spent = await timed({
    store: () => storeAll(texts),
    embed: () => embedBuild({ ...store.vectors, prepare: async () => undefined }, localLsa, { index: INDEX, build: 1 }),
    graph: () => store.vectors.prepare(INDEX, 1),
    commit: () => store.builds.commit(INDEX, 1),
  });
  const queries = [
    ...readQuestions().flatMap((row) => (isInHalf(row, 'dev') ? [row.input.question] : [])),
    ...piecesOf(docs),
  ];
  const { ms, recall } = await search(queries);
  const [keyword, vector, hybrid] = [ms.keyword, ms.vector, ms.hybrid].map((values) => quantile(values, 0.95));
  return report(`${PASSAGES} passages, ${queries.length} queries, ${ROUNDS} rounds, top ${TOP}`, [
    { what: 'passages stored, with their postings', value: spent.store / 1_000, unit: 's' },
    { what: 'model fitted, passages embedded and their vectors stored', value: spent.embed / 1_000, unit: 's' },
    { what: 'HNSW graph built', value: spent.graph / 1_000, unit: 's' },
    { what: 'commit, with its vacuum', value: spent.commit / 1_000, unit: 's' },
    ...(await sizes()),
    { what: 'vector, the query embedded with it: p50', value: median(ms.vector), unit: 'ms' },
    { what: 'vector: p95', value: vector!, unit: 'ms', asked: { atMost: 10 } },
    { what: 'vector, compared with every one: p95', value: quantile(ms.exact, 0.95), unit: 'ms' },
    { what: `recall@${CUT} of the graph against every one`, value: recall, unit: '', asked: { atLeast: 0.96 } },
    { what: 'keyword: p50', value: median(ms.keyword), unit: 'ms' },
    { what: 'keyword: p95', value: keyword!, unit: 'ms', asked: { atMost: 100 } },
    { what: 'hybrid, both at once and fused: p95', value: hybrid!, unit: 'ms' },
    {
      what: '  against the slower of its parts',
      value: hybrid! / Math.max(keyword!, vector!),
      unit: '×',
      asked: { atMost: 1.3 },
    },
  ]);

  async function storeAll(all: Iterable<Text>): Promise<void> {
    await store.builds.begin(INDEX, { settingsHash: 'bench', owner: 'bench', leaseMs: 3_600_000 });
    let batch: Text[] = [];
    let stored = 0;
    const put = async () => {
      await store.builds.put(INDEX, 1, batch.map(asDocument));
      batch = [];
    };
    for (const text of all) {
      batch.push(text);
      stored += 1;
      if (batch.length === BATCH) await put();
      if (stored === PASSAGES) break;
    }
    await put();
  }

  async function search(queries: readonly string[]) {
    const ms = { keyword: [] as number[], vector: [] as number[], exact: [] as number[], hybrid: [] as number[] };
    const recalls: number[] = [];
    const nearest = createTextSearch(store);
    const fit = localLsa.restore(
      '',
      await store.vectors.modelState(INDEX, (await store.vectorSearch.embedded(INDEX)).model),
    );
    const take = async <T>(into: number[], work: () => Promise<T>): Promise<T> => {
      const startedAt = performance.now();
      const result = await work();
      into.push(performance.now() - startedAt);
      return result;
    };
    const byKeyword = async (query: string) =>
      (await store.search.keyword(INDEX, [{ id: '', query }], { top: TOP }))[0]!.hits;
    const byVector = async (query: string) => (await nearest.search(INDEX, [{ id: '', query }], { top: TOP }))[0]!.hits;
    const asPassages = (hits: Awaited<ReturnType<typeof byKeyword>>) =>
      hits.map(({ id, score, text }) => ({ id, score, text }));
    for (let round = 0; round <= ROUNDS; round++)
      for (const query of queries) {
        const warm = round > 0 ? ms : { keyword: [], vector: [], exact: [], hybrid: [] };
        await take(warm.keyword, () => byKeyword(query));
        const found = await take(warm.vector, () => byVector(query));
        await take(warm.hybrid, async () => {
          const lists = (await Promise.all([byVector(query), byKeyword(query)])).map(asPassages);
          return host.call(fuse, { lists });
        });
        if (round !== ROUNDS) continue;
        const [vector] = await fit.embedQueries([query]);
        const [exact] = await take(warm.exact, () =>
          store.vectorSearch.nearest(INDEX, [{ id: '', vector }], { top: TOP, model: fit.id, exact: true }),
        );
        const expected = exact!.hits.slice(0, CUT).map(({ id }) => id);
        if (expected.length === 0) continue;
        const ids = new Set(found.slice(0, CUT).map(({ id }) => id));
        recalls.push(expected.filter((id) => ids.has(id)).length / expected.length);
      }
    return { ms, recall: sum(recalls) / recalls.length };
  }
}

const asDocument = ({ id, text, title }: Text) => ({
  id,
  contentHash: 'bench',
  ...(title !== undefined && { title }),
  passages: [{ id, ordinal: 0, text: text.slice(0, 3_500), heading: [], tokens: 100 }],
});

/** Words that stand together somewhere in the middle of a passage, evenly from all over the documents. */
const piecesOf = (docs: readonly Text[]): readonly string[] =>
  Array.from({ length: PIECES }, (_, piece) => {
    const words = docs[Math.floor((piece * docs.length) / PIECES)]!.text.split(/\s+/);
    return words
      .slice(Math.floor(words.length / 3))
      .slice(0, PIECE_WORDS)
      .join(' ');
  });

async function timed<Name extends string>(work: { readonly [name in Name]: () => Promise<unknown> }) {
  const spent = {} as { [name in Name]: number };
  for (const [name, run] of Object.entries<() => Promise<unknown>>(work)) {
    const startedAt = performance.now();
    await run();
    spent[name as Name] = performance.now() - startedAt;
    console.error(`${name}: ${(spent[name as Name] / 1_000).toFixed(1)} s`);
  }
  return spent;
}

async function sizes(): Promise<readonly Figure[]> {
  const rows = await database.query<{ name: string; bytes: number }>(
    `select relname as name, pg_total_relation_size(oid) as bytes from pg_class
     where relname in ('posting', 'passage_vector') or relname like 'passage_vector_graph_%' order by relname`,
  );
  return rows.map(({ name, bytes }) => ({ what: `size of ${name}`, value: bytes / 1_000_000, unit: 'MB' }));
}

try {
  await migrate(database);
  process.exitCode = (await measure()) ? 0 : 1;
} finally {
  await database.close();
  await postgres.stop();
}
