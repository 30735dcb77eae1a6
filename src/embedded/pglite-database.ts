/** PGlite as a `Database`, for what is done in its own process: the migrations. */
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { SluiceError } from '../base/errors.ts';
import type { Database, Queries } from '../store/database.ts';
import { describeFailure } from '../store/database-errors.ts';

export function databaseOf(pglite: PGlite, folder: string): Database {
  const explain = (error: unknown): never => {
    throw error instanceof SluiceError ? error : describeFailure(error, folder, 0);
  };
  const { query, script } = queriesOn(pglite);
  return Object.freeze({
    query: <Row extends object>(sql: string, params?: readonly unknown[]) => query<Row>(sql, params).catch(explain),
    script: (sql: string) => script(sql).catch(explain),
    transaction: <T>(body: (queries: Queries) => Promise<T>) =>
      pglite.transaction((transaction) => body(queriesOn(transaction))).catch(explain),
    close: () => pglite.close(),
  });
}

function queriesOn(target: PGlite | Transaction): Queries {
  return {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await target.query<Row>(sql, [...params])).rows,
    script: async (sql) => {
      await target.exec(sql);
    },
  };
}
