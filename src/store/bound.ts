/** Store functions take the database as first parameter; `bound` makes them methods of an object that holds it. */
import type { Database } from './database.ts';

/**
 * The clock of expiries. Default: the database's, so that clocks of machines are never compared. Tests pass their own,
 * in milliseconds since the epoch.
 */
export type Clock = () => number;

export interface TimedDatabase extends Database {
  /** The parameter of `nowSql`; null: the database's own time. */
  readonly now: () => Date | null;
}

export const withClock = (database: Database, clock?: Clock): TimedDatabase =>
  Object.freeze({ ...database, now: () => (clock === undefined ? null : new Date(clock())) });

/** The SQL for "now", given the parameter that holds what `TimedDatabase.now` returns. */
export const nowSql = (param: string): string => `coalesce(${param}::timestamptz, clock_timestamp())`;

type StoreFunctions = { readonly [name: string]: (database: TimedDatabase, ...given: never[]) => unknown };

export type Bound<Functions> = {
  readonly [Name in keyof Functions]: Functions[Name] extends (database: never, ...given: infer Given) => infer Result
    ? (...given: Given) => Result
    : never;
};

/** The functions without their first parameter, which is the database. */
export function bound<Functions extends StoreFunctions>(
  database: TimedDatabase,
  functions: Functions,
): Bound<Functions> {
  const methods = Object.entries(functions).map(([name, call]) => [name, call.bind(undefined, database)]);
  return Object.freeze(Object.fromEntries(methods)) as Bound<Functions>;
}
