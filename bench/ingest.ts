/**
 * Ingesting the documentation that the npm package `ai` ships, through the workflow, on embedded servers: time, CPU, and
 * peak memory of the worker's and the database's processes. Beside it, in the same run: reading and chunking the same
 * pages in this process, without servers or storage.
 *
 * npm run bench:ingest [-- --smoke]
 */
import { join } from 'node:path';
import { createIngestClient } from '../src/client/ingest-client.ts';
import { createChunker } from '../src/ingest/chunker.ts';
import type { SourceDocument } from '../src/ingest/entries.ts';
import { listSource, openSource, readBatch } from '../src/ingest/source.ts';
import { createProviders } from '../src/models/create-providers.ts';
import { createActivities } from '../src/steps/implementations.ts';
import { workflowBundle } from '../src/worker/bundle.ts';
import { startWorker } from '../src/worker/worker.ts';
import { cpuMsOf, ownCpuMs, peakMemoryMb } from './support/cpu.ts';
import { report } from './support/report.ts';
import { startBenchServers } from './support/servers.ts';

const smoke = process.argv.includes('--smoke');
const docs = join(process.cwd(), 'node_modules', 'ai', 'docs');
const source = smoke ? join(docs, '03-ai-sdk-core') : docs;

/** The same pages read and chunked, and nothing stored. */
async function chunkOnly(): Promise<{ seconds: number; passages: number }> {
  const startedAt = performance.now();
  const chunker = createChunker();
  const opened = await openSource(source);
  const documents: SourceDocument[] = [];
  for (const batch of (await listSource(opened)).batches)
    for await (const entry of readBatch(opened, batch)) if (entry.kind === 'document') documents.push(entry.document);
  let passages = 0;
  for (const { raw } of documents) {
    const result = await chunker.chunk(raw, 'headings');
    if (result.kind !== 'skipped') passages += result.document.passages.length;
  }
  return { seconds: (performance.now() - startedAt) / 1_000, passages };
}

async function ingest() {
  const servers = await startBenchServers();
  const { temporal, store, config, pids } = servers;
  const connection = await temporal.connectWorker();
  const codePath = await workflowBundle(servers.cache);
  const worker = await startWorker({
    config,
    connection,
    client: temporal.client,
    store,
    implementations: createActivities({ store, providers: createProviders({ openai: {}, cohere: {} }) }),
    workflowBundle: codePath,
  });
  const client = createIngestClient({ temporal: temporal.client, queue: config.queues.control, urlOf: (id) => id });
  const cpuBefore = { own: ownCpuMs(), database: cpuMsOf(pids.database), temporal: cpuMsOf(pids.temporal) };
  const once = async () => {
    const startedAt = performance.now();
    const { totals } = await client.ingest({ index: 'bench', source, chunk: 'headings' });
    return { seconds: (performance.now() - startedAt) / 1_000, passages: totals.passages };
  };
  const first = await once();
  const again = await once();
  const measured = {
    first,
    again,
    cpu: {
      own: ownCpuMs() - cpuBefore.own,
      database: cpuMsOf(pids.database) - cpuBefore.database,
      temporal: cpuMsOf(pids.temporal) - cpuBefore.temporal,
    },
    peakMb: {
      worker: peakMemoryMb('self'),
      database: peakMemoryMb(pids.database),
      temporal: peakMemoryMb(pids.temporal),
    },
  };
  await worker.stop();
  await connection.close();
  await servers.stop();
  return measured;
}

const { first, again, cpu, peakMb } = await ingest();
const alone = await chunkOnly();
console.log(`\n${source}: ${first.passages} passages`);
console.log(
  `  CPU s: worker and client ${(cpu.own / 1_000).toFixed(1)}, database ${(cpu.database / 1_000).toFixed(1)}, Temporal ${(cpu.temporal / 1_000).toFixed(1)} (both ingests)`,
);
const met = report('ingest', [
  { what: 'first ingest', value: first.seconds, unit: 's', asked: { atMost: 60 } },
  {
    what: 'peak memory of worker and database processes',
    value: peakMb.worker + peakMb.database,
    unit: 'MB',
    asked: { atMost: 1_024 },
  },
  { what: '  the worker (and this benchmark)', value: peakMb.worker, unit: 'MB' },
  { what: '  the database', value: peakMb.database, unit: 'MB' },
  { what: '  Temporal, beside it', value: peakMb.temporal, unit: 'MB' },
  {
    what: 'the same again, unchanged / first',
    value: again.seconds / first.seconds,
    unit: '×',
    asked: { atMost: 0.1 },
  },
  { what: 'first ingest / reading and chunking alone', value: first.seconds / alone.seconds, unit: '×' },
]);
process.exitCode = (met || smoke) && first.passages === alone.passages ? 0 : 1;
