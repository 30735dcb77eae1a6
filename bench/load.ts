/**
 * The API under load: 32 connections that ask a pipeline of five steps, all in one process with its worker, beside the
 * ceiling of the same five activities in a bare workflow, measured before and after in the same run; then more
 * connections than it serves at a time, which are refused at once instead of piling up.
 *
 * npm run bench:load [-- --smoke]
 */
import { randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import type { Undo } from '../src/base/unwind.ts';
import { planId } from '../src/plan/id.ts';
import { workflowInput } from '../src/plan/skeleton.ts';
import { startWorker } from '../src/worker/worker.ts';
import { makeBenchKey, startBenchApi, withBenchServers } from './support/api.ts';
import { cpuMsOf, ownCpuMs } from './support/cpu.ts';
import { benchBundle, echoes, echoFive } from './support/echo-five.ts';
import { report } from './support/report.ts';
import type { BenchServers } from './support/servers.ts';
import { quantile } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const CONNECTIONS = 32;
const SECONDS = isSmoke ? 3 : 60;
const BARE_SECONDS = isSmoke ? 2 : 15;
const MANY_CONNECTIONS = 200;
const MANY_SECONDS = isSmoke ? 2 : 15;
const INPUT = { text: 'How do I stream a response to the browser?' };
const pipeline = echoFive();

interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  /** Of worker, API, client, Temporal and the database together, per answer. */
  readonly cpuMs: number;
}

async function measure(servers: BenchServers, undo: Undo): Promise<boolean> {
  await startBenchWorker(servers, undo);
  const url = await startBenchApi(servers, { pipeline, runsAtOnce: 2 * CONNECTIONS }, undo);
  const key = await makeBenchKey(servers, ['ask']);
  const ask = (connections: number, seconds: number) => askFor(url, key, connections, seconds);
  await ask(CONNECTIONS, isSmoke ? 1 : 5); // warms it up
  const before = await measured(servers, () => bareFor(servers, BARE_SECONDS));
  const asked = await measured(servers, () => ask(CONNECTIONS, SECONDS));
  const after = await measured(servers, () => bareFor(servers, BARE_SECONDS));
  const many = await ask(MANY_CONNECTIONS, MANY_SECONDS);
  const ceiling = Math.max(before.load.perSecond, after.load.perSecond);
  const bareCpu = (before.load.cpuMs + after.load.cpuMs) / 2;
  const { load, answers } = asked;
  const metAsked = report(`${CONNECTIONS} connections for ${SECONDS} s`, [
    { what: 'answers that were errors', value: answers.failed, unit: 'answers', asked: { atMost: 0 } },
    { what: 'answers', value: load.perSecond, unit: '/s' },
    { what: 'p50', value: load.p50, unit: 'ms' },
    { what: 'p95', value: load.p95, unit: 'ms' },
    { what: `five activities in a bare workflow, ${CONNECTIONS} at once`, value: ceiling, unit: '/s' },
    { what: '  p95', value: Math.min(before.load.p95, after.load.p95), unit: 'ms' },
    { what: 'of that ceiling', value: load.perSecond / ceiling, unit: '×' },
    { what: 'CPU per answer, all processes', value: load.cpuMs, unit: 'ms' },
    { what: '  of a bare workflow', value: bareCpu, unit: 'ms' },
  ]);
  const metMany = report(`${MANY_CONNECTIONS} connections, of which ${CONNECTIONS * 2} are served at a time`, [
    { what: 'refused at once, with Retry-After', value: many.refused, unit: 'answers', asked: { atLeast: 1 } },
    { what: '429 without Retry-After', value: many.refusedSilently, unit: 'answers', asked: { atMost: 0 } },
    { what: 'answers that were errors', value: many.failed, unit: 'answers', asked: { atMost: 0 } },
    { what: 'answers', value: many.times.length / MANY_SECONDS, unit: '/s', asked: { atLeast: 1 } },
    { what: 'p95 of those that were served', value: quantile(many.times, 0.95), unit: 'ms' },
    { what: 'p95 of a refusal', value: quantile(many.refusalTimes, 0.95), unit: 'ms' },
  ]);
  return metAsked && metMany;
}

/** In this process, as `sluice dev` has it. */
async function startBenchWorker({ config, temporal, store, cache }: BenchServers, undo: Undo): Promise<void> {
  const native = await temporal.connectWorker();
  undo.push(() => native.close());
  const worker = await startWorker({
    ...{ config, connection: native, client: temporal.client, store, implementations: echoes() },
    workflowBundle: await benchBundle(cache),
  });
  undo.push(() => worker.stop());
}

interface Answers {
  /** Milliseconds of answers that were runs that completed. */
  readonly times: number[];
  readonly refusalTimes: number[];
  readonly refused: number;
  readonly refusedSilently: number;
  /** Anything else: other statuses, broken connections, runs that failed. */
  readonly failed: number;
}

async function askFor(url: string, key: string, connections: number, duration: number): Promise<Answers> {
  const times: number[] = [];
  const refusalTimes: number[] = [];
  let [refusedSilently, failed] = [0, 0];
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const saidWhen = new WeakMap<object, boolean>();
  const options: autocannon.Options = {
    ...{ url: `${url}/v1/pipelines/${pipeline.id}/runs`, method: 'POST', connections, duration, timeout: 60 },
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input: INPUT, unit: 'someone' }),
    setupClient: (client) =>
      void client.on('headers', ({ headers }) => saidWhen.set(client, /retry-after/i.test(JSON.stringify(headers)))),
  };
  const load = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
  load.on('response', (client, status, _bytes, ms) => {
    if (status === 200) times.push(ms);
    else if (status === 429) {
      refusalTimes.push(ms);
      if (!saidWhen.get(client)) refusedSilently += 1;
    } else failed += 1;
  });
  load.on('reqError', () => {
    failed += 1;
  });
  const { timeouts, errors } = await promise;
  return { times, refusalTimes, refused: refusalTimes.length, refusedSilently, failed: failed + timeouts + errors };
}

/** Bare workflows, as many at once as there are connections. */
async function bareFor({ temporal, config }: BenchServers, seconds: number): Promise<Answers> {
  const times: number[] = [];
  const limits = { deadlineMs: config.runDeadlineMs, queueMs: config.queueLimitMs };
  const run = { planId: planId(pipeline.plan), plan: workflowInput(pipeline.plan), input: INPUT, limits };
  const endsAt = performance.now() + seconds * 1_000;
  const loop = async () => {
    while (performance.now() < endsAt) {
      const startedAt = performance.now();
      const workflowId = `bench-${randomUUID()}`;
      await temporal.client.workflow.execute('bareFive', { workflowId, taskQueue: config.queues.run, args: [run] });
      times.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  return { times, refusalTimes: [], refused: 0, refusedSilently: 0, failed: 0 };
}

async function measured({ pids }: BenchServers, run: () => Promise<Answers>) {
  const cpu = () => ownCpuMs() + cpuMsOf(pids.temporal) + cpuMsOf(pids.database);
  const [cpuBefore, startedAt] = [cpu(), performance.now()];
  const answers = await run();
  const { times } = answers;
  const load: Load = {
    perSecond: (1_000 * times.length) / (performance.now() - startedAt),
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    cpuMs: (cpu() - cpuBefore) / times.length,
  };
  return { load, answers };
}

const isMet = await withBenchServers(measure);
process.exit(isMet || isSmoke ? 0 : 1);
