/** Finds one row by id or unique id prefix, and suggests ids when none or several match. */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { suggest } from '../base/nearest.ts';
import type { Queries } from './database.ts';

/** What is looked for: the rows of one table, by a text that is their key. */
export interface Sought {
  readonly table: string;
  /** SQL: what is read of a row, its id among them. */
  readonly columns: string;
  /** The column that holds the id, and the name under which rows, and errors, have it. */
  readonly idColumn: string;
  readonly idName: string;
  /** SQL: the column by which the newest are found. */
  readonly newestBy: string;
  /** Begins the codes of its errors: `run` in `run_unknown`. */
  readonly kind: string;
  /** One of them, and several, in words. */
  readonly words: readonly [one: string, many: string];
  /** What to do where there is none at all. */
  readonly whenNone: string;
}

/** How many of the newest a wrong id is compared with. */
const COMPARED = 500;
/** How many ids an error shows. */
const SHOWN = 5;
/** Sorts after every id that begins with what stands before it. */
const LAST_CHARACTER = '\u{10FFFF}';

/** @throws SluiceError `…_unknown` with the nearest, `…_ambiguous` with the first that it may mean */
export async function findById<Row extends object>(queries: Queries, sought: Sought, idOrPrefix: string): Promise<Row> {
  const { table, columns, idColumn, idName } = sought;
  const rows = await queries.query<Row>(
    `select ${columns} from ${table} where ${idColumn} = $1 or (${idColumn} > $1 and ${idColumn} < $2)
     order by ${idColumn} limit ${SHOWN + 1}`,
    [idOrPrefix, idOrPrefix + LAST_CHARACTER],
  );
  const [first] = rows;
  if (first === undefined || idOrPrefix === '') throw await unknownId(queries, sought, idOrPrefix);
  const ids = rows.map((row) => (row as { readonly [name: string]: string })[idName]!);
  if (rows.length > 1 && ids[0] !== idOrPrefix) throw ambiguous(sought, idOrPrefix, ids);
  return first;
}

function ambiguous({ kind, idName, words: [, many] }: Sought, prefix: string, ids: readonly string[]): SluiceError {
  const shown = ids.slice(0, SHOWN);
  return new SluiceError(`${kind}_ambiguous`, {
    message: `several ${many} begin with '${prefix}'`,
    remedy: `give more of the id: ${shown.join(', ')}${ids.length > SHOWN ? ', and more' : ''}`,
    data: { prefix, [`${idName}s`]: shown },
  });
}

/** The error of an id that no row has. */
export async function unknownId(queries: Queries, sought: Sought, id: string): Promise<SluiceError> {
  const { table, idColumn, idName, newestBy, kind, words, whenNone } = sought;
  const newest = await queries.query<{ id: string }>(
    `select ${idColumn} as id from ${table} order by ${newestBy} desc, ${idColumn} desc limit ${COMPARED}`,
  );
  return new SluiceError(`${kind}_unknown`, {
    message: `there is no ${words[0]} '${id}'`,
    remedy: suggest(
      id,
      newest.map((row) => row.id),
      whenNone,
    ),
    data: { [idName]: id },
  });
}

/** Default length of a list. */
export const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;

/** @throws SluiceError `limit_invalid` */
export function checkPage(limit: number, { words: [, many] }: Pick<Sought, 'words'>): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return;
  throw new SluiceError('limit_invalid', {
    message: `a list of ${limit} ${many} was asked for`,
    remedy: `ask for 1 to ${showWhole(LARGEST_PAGE)}`,
  });
}
