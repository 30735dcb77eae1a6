/**
 * Where the proofs take place: a stand-in of the providers as a process, real servers, an index that the stand-in
 * embedded, and workers as people start them (`sluice worker`), which can be killed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as TemporalClient } from '@temporalio/client';
import { readConfig } from '../../src/config/config.ts';
import { connectRuntime, type Runtime } from '../../src/host/runtime.ts';
import { spawnStandIn } from '../standin/connect.ts';
import type { StandIn, StandInOptions } from '../standin/stand-in.ts';
import { startEmbedded } from '../support/embedded.ts';
import { MODELS, SLUICE_PRICES } from './hurried-bot.ts';
import { spawnWorker, type Worker } from './worker.ts';

type Settings = { readonly [name: string]: string };

export interface Stage {
  readonly standIn: StandIn;
  /** Without a worker of its own. */
  readonly runtime: Runtime;
  readonly temporal: TemporalClient;
  readonly folder: string;
  /** Of every process on this stage. */
  readonly environment: Settings;
  /** Resolves when it polls. */
  startWorker(settings?: Settings): Promise<Worker>;
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly temporalAddress: string;
  readonly cache: string;
  readonly settings?: Settings;
  readonly standIn?: StandInOptions;
}

let counter = 0;

export async function openStage({ temporalAddress, cache, settings = {}, standIn: options = {} }: StageOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
  const standIn = await spawnStandIn(options);
  const database = await startEmbedded(join(folder, 'postgres'));
  const environment: Settings = Object.freeze({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress,
    SLUICE_TEMPORAL_UI: 'http://localhost:8233',
    SLUICE_QUEUE_PREFIX: `faults-${process.pid}-${counter++}`,
    SLUICE_CACHE: cache,
    SLUICE_SHUTDOWN_GRACE_MS: '1000',
    SLUICE_PRICES,
    OPENAI_API_KEY: 'a-key-of-openai',
    OPENAI_BASE_URL: standIn.openaiUrl,
    CO_API_KEY: 'a-key-of-cohere',
    COHERE_BASE_URL: standIn.cohereUrl,
    ...settings,
  });
  process.env.TEMPORAL_ADDRESS = temporalAddress; // Temporal's own variables are read by its library
  const runtime = await connectRuntime({ folder, config: readConfig(environment) });
  const workers: Worker[] = [];
  const stage: Stage = Object.freeze({
    ...{ standIn, runtime, folder, environment },
    temporal: new TemporalClient({ connection: runtime.connection, namespace: runtime.temporal.namespace }),
    async startWorker(more = {}) {
      const worker = await spawnWorker({ ...environment, ...more });
      workers.push(worker);
      return worker;
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await runtime.stop();
      await database.stop();
      await standIn.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
  return stage;
}

/** What the bot knows of. */
const DOCUMENTS = [
  { id: 'refunds', title: 'Refunds', text: 'A refund is paid within fourteen days of the return of the goods.' },
  { id: 'shipping', title: 'Shipping', text: 'Shipping takes three days inside the country and nine days abroad.' },
  { id: 'invoices', title: 'Invoices', text: 'An invoice is sent by mail when the goods have left the warehouse.' },
  { id: 'accounts', title: 'Accounts', text: 'An account is closed by its owner in the settings, under privacy.' },
  { id: 'warranty', title: 'Warranty', text: 'The warranty covers defects of the goods for two years after purchase.' },
];

/** Needs a worker. */
export async function ingestDocuments({ runtime, folder }: Stage): Promise<void> {
  const source = join(folder, 'documents.jsonl');
  await writeFile(source, DOCUMENTS.map((document) => JSON.stringify(document)).join('\n'));
  await runtime.client.ingest({ index: 'ai-docs', source, chunk: 'none', embed: MODELS.vector });
}

/** What the models say: a question worth searching for, and a verdict that every draft passes. */
export async function sayYes(standIn: StandIn): Promise<void> {
  const model = (name: string) => ({ model: name.slice(name.indexOf('/') + 1) });
  const searches = {
    ...{ standalone: '', language: 'en', intents: [], keywords: [], subQueries: [], searchQueries: [] },
    answerable: true,
  };
  const verdict = {
    claims: [{ claim: 'what it says', supported: true, problem: '' }],
    ...{ irrelevantCitations: [], answersQuestion: true, missing: '' },
  };
  await standIn.reply(model(MODELS.enhance), { data: searches }, { times: 'always' });
  await standIn.reply(model(MODELS.check), { data: verdict }, { times: 'always' });
}
