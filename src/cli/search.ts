/** `sluice search`: what an index finds, for one query or for a file of them. */

import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import type { SearchMode } from '../retrieval/search.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import type { Shown } from './hit-lines.ts';
import { findIndex } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

interface SearchOptions {
  readonly index: string;
  readonly mode: SearchMode;
  readonly top: number;
  readonly queries?: string;
  readonly explain?: boolean;
  readonly snapshot?: string;
}

const MOST_HITS = 100;
/** Queries in one statement: an answer holds the text of every hit. */
const BATCH = 50;
const MODES = ['keyword', 'vector', 'hybrid'] as const satisfies readonly SearchMode[];

export function searchCommand(world: World): Command {
  return readingCommand('search', {
    summary: 'search an index',
    examples: [
      ['search --index ai-docs "stream a response"', 'the ten best passages'],
      ['search --index ai-docs --mode hybrid --explain "stream"', 'by words and by meaning, and why each hit is there'],
      ['search --index ai-docs --top 100 --queries q.jsonl --json', 'many queries, one {id, query} a line'],
    ],
  })
    .argument('[query]', 'words to find; or give --queries')
    .requiredOption('--index <name>', 'the index to search')
    .addOption(new Option('--mode <mode>', 'by words, by meaning, or by both').choices(MODES).default('keyword'))
    .option('--snapshot <hash>', 'a snapshot of it, by the beginning of its hash; default: the newest')
    .option('--top <number>', 'hits per query', positiveInteger(MOST_HITS), 10)
    .option('--queries <file>', 'a JSONL file of {id, query}')
    .option('--explain', "each hit's place and score by retriever, fused and reranked")
    .action((query: string | undefined, options: SearchOptions, command: Command) =>
      runAction(world, command, (session) => search(session, query, options)),
    );
}

async function search(session: Session, query: string | undefined, options: SearchOptions): Promise<ExitCode> {
  const { terminal } = session;
  const queries = await readQueries(query, options.queries);
  const answers = await answer(session, queries, options);
  if (terminal.json) {
    terminal.printJson(answers.map(asJson));
    return EXIT.fine;
  }
  const { hitLines } = await import('./hit-lines.ts');
  for (const line of answers.flatMap((each) => hitLines(each, answers.length > 1, terminal))) terminal.print(line);
  const [only, ...others] = answers;
  if (only === undefined || others.length > 0) return EXIT.fine;
  const { searchNotes } = await import('./hit-lines.ts');
  const { index, mode, explain = false } = options;
  const searched = { index, mode, query: only.query, hits: only.hits.length, isExplained: explain };
  for (const line of searchNotes(searched)) terminal.note(line);
  return EXIT.fine;
}

async function answer(
  session: Session,
  queries: readonly SearchQuery[],
  { index, mode, top, explain, snapshot }: SearchOptions,
): Promise<readonly Shown[]> {
  const { createSearchByMode } = await import('../retrieval/search.ts');
  const { explainHits } = await import('./hit-lines.ts');
  return withStore(session, async ({ store }) => {
    const { name } = await findIndex(store, index);
    const embedderOf = mode === 'keyword' ? undefined : await embeddersFor(session, store, name, snapshot);
    const searchByMode = createSearchByMode(store, embedderOf);
    const asked = { mode, top, snapshot, signal: session.signal };
    const shown: Shown[] = [];
    const progress = session.terminal.progress('search');
    try {
      for (let start = 0; start < queries.length; start += BATCH) {
        const batch = queries.slice(start, start + BATCH);
        for (const [place, found] of (await searchByMode(name, batch, asked)).entries()) {
          const { query } = batch[place]!;
          shown.push({ ...found, query, ...(explain && { explained: await explainHits(query, found) }) });
        }
        if (queries.length > BATCH) progress.update(shown.length, queries.length);
      }
      return shown;
    } finally {
      progress.stop();
    }
  });
}

/** Models that others serve are paid for and counted like any other call; what runs here needs no settings. */
async function embeddersFor(
  { services }: Session,
  store: Store,
  index: string,
  snapshot: string | undefined,
): Promise<EmbedderOf | undefined> {
  const { model } = await store.vectorSearch.embedded(index, snapshot);
  if (model.startsWith('local/')) return undefined;
  const [{ createModels }, config] = await Promise.all([import('../worker/models.ts'), services.config()]);
  return createModels(store, config).embedderOf;
}

const asJson = ({ id, hits, explained }: Shown) => ({
  id,
  hits: hits.map((hit) => ({ id: hit.id, score: hit.score, ...(explained && { explain: explained.get(hit.id)! }) })),
});

interface SearchQuery {
  readonly id: string;
  readonly query: string;
}

/** @throws SluiceError `usage`, `queries_unreadable`; `query_invalid`, naming the line */
async function readQueries(query: string | undefined, file: string | undefined): Promise<SearchQuery[]> {
  if ((query === undefined) === (file === undefined))
    throw new SluiceError('usage', {
      message: query === undefined ? 'there is no query' : 'both a query and --queries were given',
      remedy: 'give either: sluice search --index NAME "words", or --queries FILE',
    });
  if (query !== undefined) return [{ id: query, query }];
  const text = await readFile(file!, 'utf8').catch((cause: unknown) => {
    throw new SluiceError('queries_unreadable', {
      message: `'${file}' cannot be read`,
      remedy: 'check the path',
      cause,
    });
  });
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [readQuery(line, `${file}:${index + 1}`)]));
}

function readQuery(line: string, place: string): SearchQuery {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    // Said below, with all else that a line may be.
  }
  if (read !== null && typeof read === 'object' && 'id' in read && 'query' in read) {
    const { id, query } = read;
    if (typeof query === 'string' && (typeof id === 'string' || typeof id === 'number'))
      return { id: String(id), query };
  }
  throw new SluiceError('query_invalid', {
    message: `${place} is not a query`,
    remedy: 'each line is JSON: {"id": "q1", "query": "words"}',
    data: { place },
  });
}
