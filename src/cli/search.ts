/** `sluice search`: what an index finds, for one query or for a file of them. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { SluiceError } from '../errors.ts';
import type { KeywordAnswer, KeywordQuery } from '../store/keyword-search.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findIndex } from './indexes.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { count, wrap, wrapWords } from './text.ts';
import { withStore } from './with-servers.ts';

interface SearchOptions {
  readonly index: string;
  readonly mode: 'keyword' | 'vector' | 'hybrid';
  readonly top: number;
  readonly queries?: string;
}

const MOST_HITS = 1_000;
/** Queries in one statement: an answer holds the text of every hit. */
const BATCH = 50;
const SHOWN_CHARACTERS = 160;
/** Under the first letter after `  1. `. */
const INDENT = ' '.repeat(5);

export function searchCommand(world: World): Command {
  return readingCommand('search', {
    summary: 'search an index',
    examples: [
      ['search --index ai-docs "stream a response"', 'the ten best passages'],
      ['search --index ai-docs --top 100 --queries q.jsonl --json', 'many queries, one {id, query} a line'],
    ],
  })
    .argument('[query]', 'words to find; or give --queries')
    .requiredOption('--index <name>', 'the index to search')
    .addOption(new Option('--mode <mode>', 'how').choices(['keyword', 'vector', 'hybrid']).default('keyword'))
    .option('--top <number>', 'hits per query', positiveInteger(MOST_HITS), 10)
    .option('--queries <file>', 'a JSONL file of {id, query}')
    .action((query: string | undefined, options: SearchOptions, command: Command) =>
      runAction(world, command, (session) => search(session, query, options)),
    );
}

async function search(session: Session, query: string | undefined, options: SearchOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { index, mode, top } = options;
  if (mode !== 'keyword')
    throw new SluiceError('mode_unavailable', {
      message: `'${index}' cannot be searched by ${mode}: its passages have no embeddings`,
      remedy: 'use --mode keyword',
      data: { mode, index },
    });
  const queries = await readQueries(query, options.queries);
  const answers = await withStore(session, async ({ store }) => {
    const { name } = await findIndex(store, index);
    const found: KeywordAnswer[] = [];
    const progress = terminal.progress('search');
    for (let start = 0; start < queries.length; start += BATCH) {
      found.push(...(await store.search.keyword(name, queries.slice(start, start + BATCH), { top })));
      if (queries.length > BATCH) progress.update(found.length, queries.length);
    }
    progress.stop();
    return found;
  });
  if (terminal.json)
    terminal.printJson(
      answers.map(({ id, hits }) => ({ id, hits: hits.map((hit) => ({ id: hit.id, score: hit.score })) })),
    );
  else
    for (const line of answers.flatMap((answer) => hitLines(answer, answers.length > 1, terminal.width)))
      terminal.print(line);
  return EXIT.fine;
}

function hitLines({ id, hits }: KeywordAnswer, isOneOfMany: boolean, width: number): string[] {
  return [
    ...(isOneOfMany ? [`${id}: ${count(hits.length, 'hit')}`] : []),
    ...(hits.length === 0 && !isOneOfMany ? ['nothing found'] : []),
    ...hits.flatMap(({ id: passage, score, title, heading, text }, rank) => {
      const place = [title, ...heading].filter((part) => part !== null).join(' › ');
      const plain = text.replaceAll(/\s+/g, ' ');
      const shown = plain.length > SHOWN_CHARACTERS ? `${plain.slice(0, SHOWN_CHARACTERS)}…` : plain;
      const [first = '', ...more] = wrap(place || passage, width, INDENT);
      return [
        `${String(rank + 1).padStart(3)}. ${first.trimStart()}`,
        ...more,
        `${INDENT}${score.toFixed(2)}  ${passage}`,
        ...wrapWords(INDENT + shown, width),
      ];
    }),
  ];
}

async function readQueries(query: string | undefined, file: string | undefined): Promise<KeywordQuery[]> {
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

function readQuery(line: string, place: string): KeywordQuery {
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
