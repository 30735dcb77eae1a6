/**
 * The store alone, for commands that only read it: the database that the config names, or that serves this folder, or
 * else the embedded one, started for this command. Temporal is neither started nor asked, nor even loaded.
 */
import { join } from 'node:path';
import { unwind } from '../base/unwind.ts';
import type { Config } from '../config/config.ts';
import { claimFolder, readServers, releaseFolder, stateFolder } from '../embedded/dev-state.ts';
import { explainOutage } from '../embedded/disk-space.ts';
import { resolvePostgres } from '../embedded/postgres.ts';
import { expectedUi, workflowUrl } from '../embedded/temporal-ui.ts';
import { createRedaction } from '../redaction/redaction.ts';
import { openDatabase } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { createRedactedStore } from './redacted-store.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Where a run is seen in the Temporal UI, when it is served. */
  urlOf(runId: string): string;
  /** Whether anybody serves that UI now, as far as this folder knows. */
  readonly isUiServed: boolean;
  stop(): Promise<void>;
}

export interface OpenStoreOptions {
  readonly folder: string;
  readonly config: Config;
  readonly onProgress?: (message: string) => void;
}

/**
 * @throws SluiceError `folder_busy` while a single command has the embedded database; and those of `resolvePostgres`.
 */
export async function openStoreOnly({ folder, config, onProgress }: OpenStoreOptions): Promise<OpenedStore> {
  const servers = await readServers(folder);
  const undo: (() => Promise<void>)[] = [];
  try {
    const url = (config.databaseUrl === undefined && servers?.databaseUrl) || (await startDatabase());
    const database = openDatabase(url, { explainOutage: explainOutage(config, stateFolder(folder)) });
    undo.push(() => database.close());
    const ui = config.temporalConfigured || !servers ? expectedUi(config) : servers.temporal;
    return Object.freeze({
      store: createRedactedStore(database, createRedaction(config.redaction)),
      urlOf: (runId: string) => workflowUrl(ui, runId),
      isUiServed: config.temporalConfigured || servers !== undefined,
      stop: () => unwind(undo),
    });
  } catch (error) {
    await unwind(undo);
    throw error;
  }

  async function startDatabase(): Promise<string> {
    if (config.databaseUrl === undefined) {
      await claimFolder(folder, 'command');
      undo.push(() => releaseFolder(folder));
    }
    const postgres = await resolvePostgres({
      folder: join(stateFolder(folder), 'postgres'),
      ...(config.databaseUrl !== undefined && { databaseUrl: config.databaseUrl }),
      ...(config.ports.database !== undefined && { port: config.ports.database }),
      ...(onProgress && { onProgress }),
    });
    undo.push(() => postgres.stop());
    return postgres.url;
  }
}
