/** A store over an embedded database of its own, for tests of what uses one. */
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store, type StoreOptions } from '../../src/store/store.ts';
import { startPglite } from './postgres.ts';

export interface TestStore {
  readonly database: Database;
  readonly store: Store;
  readonly url: string;
  stop(): Promise<void>;
}

export async function startStore(options?: StoreOptions): Promise<TestStore> {
  const { url, stop } = await startPglite();
  const database = openDatabase(url);
  return {
    database,
    store: createStore(database, options),
    url,
    async stop() {
      await database.close();
      await stop();
    },
  };
}
