/** Store, client and worker over running servers: the parts of every runtime. */
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { once } from '../base/once.ts';
import type { Undo } from '../base/unwind.ts';
import type { Implemented } from '../boundary/implement.ts';
import { createRunClient, type RunClient } from '../client/client.ts';
import { createDeployClient, type DeployClient } from '../client/deploy-client.ts';
import { createEvaluationClient, type EvaluationClient } from '../client/evaluation-client.ts';
import { createExperimentClient, type ExperimentClient } from '../client/experiment-client.ts';
import { createFeedbackClient, type FeedbackClient } from '../client/feedback-client.ts';
import { createIngestClient, type IngestClient } from '../client/ingest-client.ts';
import { createMonitorClient, type MonitorClient } from '../client/monitor-client.ts';
import { createRerunClient, type RerunClient } from '../client/rerun-client.ts';
import { createHideUnit } from '../client/run-input.ts';
import { createStreamRun, type StreamClient } from '../client/stream-run.ts';
import type { Config } from '../config/config.ts';
import { stateFolder } from '../embedded/dev-state.ts';
import { type DiskSpace, hasEmbeddedServers, readDiskSpace, requireDiskSpace } from '../embedded/disk-space.ts';
import { temporalFile } from '../embedded/temporal-server.ts';
import type { Providers } from '../models/providers.ts';
import { createRedaction } from '../redaction/redaction.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import type { Database } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { readSinkKey } from '../streaming/token-receiver.ts';
import { createTokenStreams, type TokenStreams } from '../streaming/token-streams.ts';
import { registerSearchAttributes, type TemporalConnection } from '../temporal/temporal.ts';
import type { WorkerProcess } from '../worker/worker.ts';
import { createWorkerVersions, type WorkerVersionsClient } from '../worker/worker-versions.ts';
import { createRedactedStore } from './store-only.ts';

/** Makes the functions behind the steps, given what they may need. */
export type MakeImplementations = (dependencies: Dependencies) => readonly Implemented[];

export interface Dependencies {
  readonly store: Store;
  /** Every model by name, its calls held to `SLUICE_LIMITS`, paid and recorded. */
  readonly providers: Providers;
  readonly embedderOf: EmbedderOf;
}

/** Which of the state is in files of this folder. */
export interface EmbeddedState {
  readonly hasDatabase: boolean;
  /** The Temporal server's. */
  readonly temporalFile: string | undefined;
}

export interface Attached {
  readonly embedded: EmbeddedState;
  readonly store: Store;
  readonly client: RunClient &
    DeployClient &
    StreamClient &
    IngestClient &
    EvaluationClient &
    ExperimentClient &
    FeedbackClient &
    RerunClient &
    MonitorClient &
    WorkerVersionsClient;
  /** Of the disk of the embedded servers' state; undefined where all servers are configured. */
  readonly diskSpace: () => Promise<DiskSpace | undefined>;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string };
  readonly connection: Connection;
  readonly databaseUrl: string;
  readonly streams: TokenStreams;
}

interface Parts {
  readonly folder: string;
  readonly config: Config;
  readonly temporal: TemporalConnection;
  /** Of the server that is connected now: a restarted `sluice dev` may have other ports. */
  readonly place: () => Pick<Attached['temporal'], 'address' | 'uiUrl'>;
  readonly database: Database;
  readonly databaseUrl: string;
}

/** What ends with the runtime is added to `undo`. */
export function attach({ folder, config, temporal, place, database, databaseUrl }: Parts, undo: Undo): Attached {
  const redaction = createRedaction(config.redaction);
  const store = createRedactedStore(database, redaction);
  const { client, namespace, connection } = temporal;
  const hideUnit = createHideUnit(once(() => readSinkKey(config, folder)));
  const hasDatabase = config.databaseUrl === undefined;
  const state = hasEmbeddedServers(config) ? stateFolder(folder) : undefined;
  const requireSpace = async () => (state === undefined ? undefined : requireDiskSpace(state));
  const runs = createRunClient({
    ...{ temporal: client, store, config, namespace, hideUnit, redaction, requireSpace },
    get uiUrl() {
      return place().uiUrl;
    },
  });
  const ingests = createIngestClient({
    ...{ temporal: client, queue: config.queues.control, urlOf: runs.urlOf, requireSpace },
  });
  const evaluations = createEvaluationClient({
    ...{ temporal: client, store, queues: config.queues, check: runs.check, requireSpace },
  });
  const experiments = createExperimentClient({
    ...{ temporal: client, store, queues: config.queues, check: runs.check, redaction },
  });
  const streams = createTokenStreams({ config, folder });
  undo.push(() => streams.stop());
  return {
    embedded: {
      hasDatabase,
      temporalFile: config.temporalConfigured ? undefined : temporalFile(temporalFolder(folder)),
    },
    store,
    client: {
      ...runs,
      ...ingests,
      ...evaluations,
      ...experiments,
      ...createDeployClient({ temporal: client, store, check: runs.check }),
      ...createFeedbackClient(store, redaction),
      ...createWorkerVersions(client, config.workerDeployment),
      ...createRerunClient({ temporal: client, store, queues: config.queues, check: runs.check }),
      ...createMonitorClient({ temporal: client, store, queues: config.queues, check: runs.check, requireSpace }),
      stream: createStreamRun(runs.start, streams),
    },
    temporal: {
      namespace,
      get address() {
        return place().address;
      },
      get uiUrl() {
        return place().uiUrl;
      },
    },
    diskSpace: async () => (state === undefined ? undefined : readDiskSpace(state)),
    connection,
    databaseUrl,
    streams,
  };
}

export interface WorkPlace {
  readonly folder: string;
  readonly config: Config;
  readonly implementations: MakeImplementations;
}

/** Starts a worker; what ends it is added to `undo`. */
export async function work(
  { folder, config, implementations }: WorkPlace,
  { store, client, streams, connection, temporal: { namespace } }: Attached,
  temporal: TemporalConnection,
  undo: Undo,
): Promise<WorkerProcess> {
  // Loaded when a worker is wanted: clients, and commands that only ask, do without Temporal's native library.
  const [{ workflowBundle }, { installLogging, warn }, { createModels }, { startWorker }] = await Promise.all([
    import('../worker/bundle.ts'),
    import('../worker/logging.ts'),
    import('../worker/models.ts'),
    import('../worker/worker.ts'),
  ]);
  installLogging(config);
  await registerSearchAttributes(connection, namespace);
  const native = await temporal.connectWorker();
  undo.push(() => native.close());
  const models = createModels(store, config);
  const worker = await startWorker({
    config,
    connection: native,
    client: temporal.client,
    store,
    tokens: streams.outlet,
    redaction: createRedaction(config.redaction),
    embedderOf: models.embedderOf,
    implementations: implementations({ store, ...models }),
    workflowBundle: await workflowBundle(cacheFolder(folder, config)),
  });
  undo.push(() => worker.stop());
  if (config.traces) {
    const { startTraceExport } = await import('../telemetry/otel/export-traces.ts');
    const traces = await startTraceExport(config.traces, { store, urlOf: client.urlOf, onChange: warn });
    undo.push(() => traces.stop());
  }
  return worker;
}

/** Where the embedded Temporal server keeps its state. */
export const temporalFolder = (folder: string): string => join(stateFolder(folder), 'temporal');

/** Where downloads and built bundles are kept. */
export const cacheFolder = (folder: string, config: Config): string =>
  config.cache ?? join(stateFolder(folder), 'cache');
