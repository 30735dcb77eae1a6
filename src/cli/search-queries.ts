/** The queries of `sluice search`: one on the command line, or a JSONL file of them. */
import { readFile } from 'node:fs/promises';
import { SluiceError } from '../base/errors.ts';

export interface SearchQuery {
  readonly id: string;
  readonly query: string;
}

/** @throws SluiceError `usage`, `queries_unreadable`; `query_invalid`, naming the line */
export async function readQueries(query: string | undefined, file: string | undefined): Promise<SearchQuery[]> {
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
