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
import { createRedaction, NO_REDACTION, type Redaction } from '../redaction/redaction.ts';
import { type Database, openDatabase } from '../store/database.ts';
import type { Restaging } from '../store/deployments.ts';
import { createStore, type Store } from '../store/store.ts';

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

/**
 * Everything else is redacted before it comes to the store: inputs and outputs of runs, feedback, reviews.
 *
 * @param redaction of the project
 */
export function createRedactedStore(database: Database, redaction: Redaction = NO_REDACTION): Store {
  const store = createStore(database);
  if (!redaction.isOn) return store;
  const { deployments, experiments, monitors, views, apiKeys } = store;
  const { text, json } = redaction;
  const withWhy = <T extends { readonly why: string }>(change: T): T => ({ ...change, why: text(change.why) });
  return Object.freeze({
    ...store,
    deployments: {
      ...deployments,
      deploy: (change) => deployments.deploy({ ...withWhy(change), restaged: change.restaged.map(withWhy<Restaging>) }),
    },
    experiments: {
      ...experiments,
      start: (experiment) => experiments.start(withWhy(experiment)),
      move: (experimentId, move) => experiments.move(experimentId, { ...move, reason: text(move.reason) }),
    },
    monitors: {
      ...monitors,
      start: (spec, act) => monitors.start(spec, withWhy(act)),
      stop: (monitorId, act) => monitors.stop(monitorId, withWhy(act)),
    },
    views: {
      ...views,
      save: (view) => views.save({ ...view, name: text(view.name), view: json(view.view) }),
    },
    apiKeys: {
      ...apiKeys,
      revoke: (idOrName, by, why) => apiKeys.revoke(idOrName, by, text(why)),
    },
  } satisfies Store);
}
