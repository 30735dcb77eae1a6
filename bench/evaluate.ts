/**
 * What a whole evaluation costs beside its steps: the evaluate workflow on Temporal, two workers of eight slots, a pipeline
 * of five steps of 20 ms, four variants that differ in the last one. Equal calls are to be made once, and all of it to
 * take hardly longer than the calls alone; ten times the examples are to take ten times as long and no more memory, and
 * no history is to grow long. On PostgreSQL where `SLUICE_TEST_PG_BIN` or `SLUICE_TEST_DATABASE_URL` says, and embedded.
 *
 * npm run bench:evaluate [-- --smoke] [-- --large]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { readConfig } from '../src/config/config.ts';
import { findTemporalCli } from '../src/embedded/temporal-cli.ts';
import { startTemporalServer } from '../src/embedded/temporal-server.ts';
import { type AskedEvaluation, specOf } from '../src/evaluation/spec-of.ts';
import { connectRuntime, type Runtime } from '../src/host/runtime.ts';
import { connectTemporal } from '../src/temporal/temporal.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../test/support/postgres.ts';
import type { Memory } from './evaluate-process.ts';
import { examplesOf, fiveEvaluation } from './support/five-evaluation.ts';
import { callsNeeded, readCalls, STEP_MS } from './support/five-steps.ts';
import { type Figure, report } from './support/report.ts';
import { sum } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const isLarge = process.argv.includes('--large');
const EXAMPLES = smoke ? 50 : 1_000;
const TIMES = 10;
const [PROCESSES, SLOTS] = [2, 8];
/** Temporal itself calls 4,096 events long. */
const LONGEST_HISTORY = 4_500;

interface Place {
  readonly runtime: Runtime;
  readonly temporal: Client;
  readonly environment: NodeJS.ProcessEnv;
  readonly folder: string;
}

interface Measured {
  readonly wallMs: number;
  readonly idealMs: number;
  readonly made: number;
  readonly distinct: number;
  /** From the begin of the first call to the end of the last. */
  readonly spanMs: number;
  readonly cells: number;
  readonly longestHistory: number;
  readonly workers: readonly Memory[];
}

/** No two evaluations ask the same: the memo would know it. */
let nextText = 0;
const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice', 'cache');
const cli = await findTemporalCli({ given: process.env.SLUICE_TEMPORAL_CLI, cache });
const server = await startTemporalServer({ cli: cli.path, folder, ports: {}, ui: false, persistent: false });
try {
  const verdicts = [
    // In short, that it runs is shown by one.
    smoke || (await onDatabase('PostgreSQL', startPostgresDurable)),
    await onDatabase('embedded', startPglite),
  ];
  process.exitCode = verdicts.every(Boolean) || smoke ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true });
}

/** As a server is set up, not as one for tests. */
async function startPostgresDurable() {
  return noPostgres === undefined ? startPostgres(['fsync=on']) : undefined;
}

async function onDatabase(name: string, start: () => Promise<TestDatabase | undefined>): Promise<boolean> {
  const database = await start();
  if (database === undefined) {
    console.log(`\n${name}: not measured (${noPostgres})`);
    return true;
  }
  const environment = {
    ...process.env,
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: server.address,
    SLUICE_QUEUE_PREFIX: `bench-${name.toLowerCase()}`,
    SLUICE_EVAL_CONCURRENCY: String(SLOTS),
    SLUICE_CACHE: cache,
  };
  process.env.TEMPORAL_ADDRESS = server.address;
  const runtime = await connectRuntime({ folder, config: readConfig(environment) });
  const temporal = await connectTemporal({}, { address: server.address, namespace: 'default' });
  const place = { runtime, temporal: temporal.client, environment, folder };
  try {
    const [load] = loadavg();
    const once = await measure(place, `${name}-once`, EXAMPLES);
    const isMet = report(`${name}, ${EXAMPLES} examples (load average ${load!.toFixed(1)})`, figuresOf(once, EXAMPLES));
    if (!isLarge) return isMet;
    const more = await measure(place, `${name}-more`, EXAMPLES * TIMES);
    const isMoreMet = report(`${name}, ${EXAMPLES * TIMES} examples`, [
      ...figuresOf(more, EXAMPLES * TIMES),
      ...growth(once, more),
    ]);
    return isMet && isMoreMet;
  } finally {
    await temporal.close();
    await runtime.stop();
    await database.stop();
  }
}

function figuresOf(measured: Measured, examples: number): readonly Figure[] {
  const { wallMs, idealMs, spanMs, made, distinct, cells, longestHistory, workers } = measured;
  return [
    { what: 'cells with a score', value: cells, unit: 'cells', asked: { atLeast: examples * 4 } },
    { what: 'distinct calls', value: distinct, unit: 'calls', asked: { atLeast: callsNeeded(examples) } },
    { what: 'calls made', value: made, unit: 'calls', asked: { atMost: callsNeeded(examples) } },
    {
      what: `wall time over the ideal ${(idealMs / 1_000).toFixed(1)} s`,
      value: wallMs / idealMs,
      unit: 'x',
      ...(!smoke && { asked: { atMost: 1.1 } }),
    },
    { what: 'from the first call to the last, over the ideal', value: spanMs / idealMs, unit: 'x' },
    { what: 'longest history', value: longestHistory, unit: 'events', asked: { atMost: LONGEST_HISTORY } },
    { what: 'processor time of the workers', value: sum(workers.map(({ cpuMs }) => cpuMs)) / 1_000, unit: 's' },
    { what: 'resident memory of a worker', value: Math.max(...workers.map(({ rssMb }) => rssMb)), unit: 'MB' },
    { what: 'heap of a worker after GC', value: Math.max(...workers.map(({ heapMb }) => heapMb)), unit: 'MB' },
  ];
}

function growth(once: Measured, more: Measured): readonly Figure[] {
  const heap = ({ workers }: Measured) => Math.max(...workers.map(({ heapMb }) => heapMb));
  return [
    { what: `time of ${TIMES} times the examples`, value: more.wallMs / once.wallMs, unit: 'x', asked: { atMost: 11 } },
    { what: 'heap after GC of that', value: heap(more) / heap(once), unit: 'x', asked: { atMost: 1.2 } },
  ];
}

/** Fresh workers each time, so that memory and processor time are those of one evaluation. */
async function measure({ runtime, temporal, environment, folder }: Place, name: string, examples: number) {
  const callsFile = join(folder, `${name}.calls`);
  const workers = await Promise.all(Array.from({ length: PROCESSES }, () => startWorker(environment, callsFile)));
  try {
    // Workers that have just started load their workflows with the first evaluation: that is not what it costs.
    await evaluate(runtime, await prepare(runtime, `${name}-warm`, PROCESSES * SLOTS));
    const asked = await prepare(runtime, name, examples);
    await writeFile(callsFile, '');
    const startedAt = performance.now();
    const evaluationId = await evaluate(runtime, asked);
    const wallMs = performance.now() - startedAt;
    const calls = await readCalls(callsFile);
    const { cells } = await runtime.store.evaluations.progress(evaluationId);
    return {
      wallMs,
      idealMs: (callsNeeded(examples) * STEP_MS) / (PROCESSES * SLOTS),
      ...calls,
      cells: cells.done,
      longestHistory: await longestHistory(temporal, evaluationId),
      workers: await Promise.all(workers.map(memoryOf)),
    };
  } finally {
    for (const worker of workers) worker.disconnect();
  }
}

async function prepare({ store }: Runtime, name: string, examples: number): Promise<AskedEvaluation> {
  const from = nextText;
  nextText += examples;
  const { version } = await store.datasets.put(name, examplesOf(examples, from), 'bench').then((put) => put.version);
  const definition = { ...fiveEvaluation, dataset: { ...fiveEvaluation.dataset, name } };
  return specOf({ definition, version, count: async () => examples });
}

/** From asking for it to its end. */
async function evaluate({ client }: Runtime, { spec, plans }: AskedEvaluation): Promise<string> {
  const asked = { spec: { ...spec, definition: null }, plans, budgetUsd: null, startedBy: 'bench' };
  const { evaluationId } = await client.startEvaluation(asked);
  await client.followEvaluation(evaluationId);
  return evaluationId;
}

async function longestHistory(temporal: Client, workflowId: string): Promise<number> {
  const lengths: number[] = [];
  for await (const { historyLength } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` }))
    lengths.push(historyLength);
  const { historyLength } = await temporal.workflow.getHandle(workflowId).describe();
  return Math.max(historyLength, ...lengths);
}

async function startWorker(environment: NodeJS.ProcessEnv, callsFile: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./evaluate-process.ts', import.meta.url));
  const worker = fork(program, [folder, callsFile], {
    env: environment,
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(worker, 'message');
  return worker;
}

async function memoryOf(worker: ChildProcess): Promise<Memory> {
  worker.send('memory');
  const [memory] = (await once(worker, 'message')) as [Memory];
  return memory;
}
