/**
 * What the interpreter costs: a plan of five nodes, walked, against a workflow that makes the same five calls by hand in
 * the same frame. Interleaved in rounds; medians of latency, sums of CPU time over worker, client, server and database.
 *
 * npm run bench:interpreter [-- --smoke]
 */
import { randomUUID } from 'node:crypto';
import { createStartRun } from '../src/client/start-run.ts';
import { canonicalBytes, planId } from '../src/plan/id.ts';
import type { Json, Plan } from '../src/plan/plan.ts';
import { workflowInput } from '../src/plan/skeleton.ts';
import { startWorker } from '../src/worker/worker.ts';
import { cpuMsOf, ownCpuMs } from './support/cpu.ts';
import { benchBundle, echoes, echoFive } from './support/echo-five.ts';
import { type Figure, report } from './support/report.ts';
import { type BenchServers, startBenchServers } from './support/servers.ts';
import { median, sum } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const ROUNDS = smoke ? 1 : 8;
const RUNS_PER_ROUND = smoke ? 3 : 25;
const INPUT = { text: 'How do I stream a response to the browser?' };

/** Five nodes in a row, their configs padded so that the plan has about the size asked. */
function planOf(lane: 'activity' | 'local', bytes: number): Plan {
  const build = (prompt: string) => echoFive(prompt, lane === 'local' ? { lane } : {}).plan;
  const bare = bytesOf(build(''));
  return build('x'.repeat(Math.max(0, Math.floor((bytes - bare) / 5))));
}

const bytesOf = (plan: Plan) => canonicalBytes(plan as unknown as Json);

interface Contender {
  readonly name: string;
  readonly run: () => Promise<string>;
  readonly latenciesMs: number[];
  readonly cpuMs: { readonly own: number[]; readonly server: number[]; readonly database: number[] };
}

async function main(): Promise<boolean> {
  const servers = await startBenchServers();
  try {
    return await measure(servers);
  } finally {
    await servers.stop();
  }
}

async function measure(servers: BenchServers): Promise<boolean> {
  const { temporal, store, config, pids } = servers;
  const connection = await temporal.connectWorker();
  const worker = await startWorker({
    config,
    connection,
    client: temporal.client,
    store,
    implementations: echoes(),
    workflowBundle: await benchBundle(servers.cache),
  });
  const small = planOf('activity', 2_000);
  const contenders = [
    await contender(servers, 'interpreted, 2 KB plan', small),
    await contender(servers, 'hand-written', small, 'handWritten'),
    await contender(servers, 'interpreted, local lane', planOf('local', 2_000)),
    await contender(servers, 'interpreted, 10 KB plan (skeleton)', planOf('activity', 10_000)),
    await contender(servers, 'interpreted, 30 KB plan (skeleton)', planOf('activity', 30_000)),
    bare(servers, planId(small), small),
  ];
  for (const { run } of contenders) for (let i = 0; i < 3; i++) await run();
  for (let round = 0; round < ROUNDS; round++) {
    // Each round in another order, so that what one leaves behind is not always met by the same one.
    const order = contenders.map((_, index) => contenders[(index + round) % contenders.length]!);
    for (const { run, latenciesMs, cpuMs } of order) {
      const before = { own: ownCpuMs(), server: cpuMsOf(pids.temporal), database: cpuMsOf(pids.database) };
      for (let i = 0; i < RUNS_PER_ROUND; i++) {
        const startedAt = performance.now();
        await run();
        latenciesMs.push(performance.now() - startedAt);
      }
      cpuMs.own.push(ownCpuMs() - before.own);
      cpuMs.server.push(cpuMsOf(pids.temporal) - before.server);
      cpuMs.database.push(cpuMsOf(pids.database) - before.database);
    }
  }
  const events = await Promise.all(contenders.map(async ({ run }) => eventsOf(servers, await run())));
  await worker.stop();
  await connection.close();
  return printed(contenders, events);
}

async function contender(
  { temporal, store, config }: BenchServers,
  name: string,
  plan: Plan,
  workflow?: string,
): Promise<Contender> {
  const startRun = createStartRun(
    { temporal: temporal.client, store, config, namespace: temporal.namespace, uiUrl: '' },
    workflow,
  );
  const id = planId(plan);
  await store.plans.put(id, plan);
  const run = async () => {
    const runId = `bench-${randomUUID()}`;
    await store.runs.begin({
      runId,
      pipeline: 'bench',
      planId: id,
      arms: {},
      unit: null,
      idempotencyKey: null,
      input: INPUT,
    });
    const answer = await startRun({ runId, planId: id, plan, input: INPUT });
    if (answer.kind !== 'output') throw new Error(`${name}: ${JSON.stringify(answer)}`);
    await temporal.client.workflow.getHandle(runId).result();
    return runId;
  };
  return { name, run, latenciesMs: [], cpuMs: { own: [], server: [], database: [] } };
}

/** Five activities and nothing else: neither row, update, search attributes nor record. */
function bare({ temporal, config }: BenchServers, id: string, plan: Plan): Contender {
  const limits = { deadlineMs: config.runDeadlineMs, queueMs: config.queueLimitMs };
  const run = async () => {
    const workflowId = `bench-${randomUUID()}`;
    const args = [{ planId: id, plan: workflowInput(plan), input: INPUT, limits }];
    await temporal.client.workflow.execute('bareFive', { workflowId, taskQueue: config.queues.run, args });
    return workflowId;
  };
  return { name: 'five bare activities', run, latenciesMs: [], cpuMs: { own: [], server: [], database: [] } };
}

async function eventsOf({ temporal }: BenchServers, workflowId: string): Promise<number> {
  return (await temporal.client.workflow.getHandle(workflowId).fetchHistory()).events?.length ?? 0;
}

function printed(contenders: readonly Contender[], events: readonly number[]): boolean {
  const runs = ROUNDS * RUNS_PER_ROUND;
  const cpu = contenders.map(({ cpuMs }) => sum([...cpuMs.own, ...cpuMs.server, ...cpuMs.database]) / runs);
  const p50 = contenders.map(({ latenciesMs }) => median(latenciesMs));
  console.log(`\n${ROUNDS} rounds × ${RUNS_PER_ROUND} runs each, interleaved, one at a time; ms per run`);
  for (const [index, { name, cpuMs }] of contenders.entries()) {
    const parts = [cpuMs.own, cpuMs.server, cpuMs.database].map((values) => (sum(values) / runs).toFixed(1));
    console.log(
      `  ${name.padEnd(36)} p50 ${p50[index]!.toFixed(1).padStart(6)}   CPU ${cpu[index]!.toFixed(1).padStart(6)} (worker+client ${parts[0]}, Temporal ${parts[1]}, database ${parts[2]})   ${events[index]} events`,
    );
  }
  const [interpreted, byHand, local, tenKb, thirtyKb, alone] = contenders.map((_, index) => ({
    p50: p50[index]!,
    cpu: cpu[index]!,
    events: events[index]!,
  }));
  const figures: Figure[] = [
    {
      what: 'interpreted / hand-written, p50',
      value: interpreted!.p50 / byHand!.p50,
      unit: '×',
      asked: { atMost: 1.05 },
    },
    {
      what: 'interpreted / hand-written, CPU',
      value: interpreted!.cpu / byHand!.cpu,
      unit: '×',
      asked: { atMost: 1.08 },
    },
    {
      what: 'interpreted − hand-written, events',
      value: Math.abs(interpreted!.events - byHand!.events),
      unit: 'events',
      asked: { atMost: 0 },
    },
    {
      what: 'local lane / activity lane, p50',
      value: local!.p50 / interpreted!.p50,
      unit: '×',
      asked: { atMost: 0.6 },
    },
    { what: '10 KB plan / hand-written, CPU', value: tenKb!.cpu / byHand!.cpu, unit: '×' },
    { what: '30 KB plan / hand-written, CPU', value: thirtyKb!.cpu / byHand!.cpu, unit: '×' },
    { what: "the frame's own: hand-written / five bare activities, CPU", value: byHand!.cpu / alone!.cpu, unit: '×' },
    { what: "the frame's own: hand-written / five bare activities, p50", value: byHand!.p50 / alone!.p50, unit: '×' },
  ];
  return report('the interpreter', figures);
}

const met = await main();
// A smoke run shows that the benchmark works; too few runs for its figures to count.
process.exitCode = met || smoke ? 0 : 1;
