/**
 * What it costs a request that its arm is decided: through a client that has been asked before, with four experiments on
 * docs-bot and a rollout under way whose ramp moves meanwhile. Requests come at a steady rate, in turn for docs-bot and for
 * a pipeline of which nothing is deployed; both take the same way, so the difference is what deciding adds.
 *
 * [SLUICE_TEST_PG_BIN=<folder with initdb and postgres>] npm run bench:deciding [-- --smoke]
 */
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { docsBot } from '../pipelines/docs-bot.ts';
import { createServing, type Decide } from '../src/client/client.ts';
import { openDatabase } from '../src/store/database.ts';
import { migrate } from '../src/store/migrate.ts';
import { createStore, type Store } from '../src/store/store.ts';
import { noPostgres, startPglite, startPostgres, type TestDatabase } from '../test/support/postgres.ts';
import { ownCpuMs } from './support/cpu.ts';
import { type Asked, requestOf, startExperiments } from './support/deciding-place.ts';
import { type Figure, report } from './support/report.ts';
import { median, quantile } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const REQUESTS = isSmoke ? 1_000 : 50_000;
const PER_SECOND = 2_000;
const USERS = 5_000;
/** The rollout's ramp rises so often, evenly: each time what is served is read and prepared anew. */
const RAMP = [0.05, 0.25, 0.5, 1];
const ROUNDS = isSmoke ? 3 : 9;
const ROUND = isSmoke ? 500 : 10_000;
const MOST_P99_MS = 1;
const PIPELINES = { decided: docsBot.id, undeployed: 'nothing-deployed' } as const;
const NAMES = ['decided', 'undeployed'] as const;

type Times = { readonly [Name in (typeof NAMES)[number]]: number[] };
const times = (): Times => ({ decided: [], undeployed: [] });

async function measure(name: string, start: () => Promise<TestDatabase>): Promise<boolean> {
  const running = await start();
  const database = openDatabase(running.url);
  try {
    await migrate(database);
    const store = createStore(database);
    const rollout = await startExperiments(store);
    const decide = createServing(store);
    const requests = Array.from({ length: REQUESTS }, (_, index) => requestOf(index, USERS));
    await cpuOf(decide, requests); // warms it up
    const ramp = ramping(store, rollout);
    const latencies = await atSteadyRate(decide, requests, ramp.progress);
    await ramp.settled();
    const cpu = await cpuOf(decide, requests);
    const assigned = await shareAssigned(decide, requests);
    return report(`${name}: ${REQUESTS.toLocaleString('en')} requests, ${PER_SECOND.toLocaleString('en')} a second`, [
      ...figuresOf(latencies),
      { what: 'CPU per decision', value: cpu.decided, unit: 'µs' },
      { what: '  with nothing deployed', value: cpu.undeployed, unit: 'µs' },
      { what: 'requests that are in an experiment', value: 100 * assigned, unit: '%', asked: { atLeast: 50 } },
    ]);
  } finally {
    await database.close();
    await running.stop();
  }
}

function figuresOf({ decided, undeployed }: Times): readonly Figure[] {
  const added = (q: number) => quantile(decided, q) - quantile(undeployed, q);
  const asked = { atMost: MOST_P99_MS };
  return [
    { what: 'added, p50', value: added(0.5), unit: 'ms' },
    // A thousand requests on a busy machine say nothing of the hundredth that is slowest.
    { what: 'added, p99', value: added(0.99), unit: 'ms', ...(!isSmoke && { asked }) },
    { what: 'decided, p50', value: quantile(decided, 0.5), unit: 'ms' },
    { what: 'decided, p99', value: quantile(decided, 0.99), unit: 'ms', ...(!isSmoke && { asked }) },
    { what: 'decided, the longest', value: Math.max(...decided), unit: 'ms' },
    { what: 'nothing deployed, p50', value: quantile(undeployed, 0.5), unit: 'ms' },
    { what: 'nothing deployed, p99', value: quantile(undeployed, 0.99), unit: 'ms' },
  ];
}

/** Milliseconds from asking to the answer, by pipeline. @param progress told how far it is, from 0 to 1 */
async function atSteadyRate(
  decide: Decide,
  requests: readonly Asked[],
  progress: (done: number) => void,
): Promise<Times> {
  const taken = times();
  const ask = async (name: keyof Times, request: Asked) => {
    const askedAt = performance.now();
    await decide(PIPELINES[name], request);
    taken[name].push(performance.now() - askedAt);
  };
  const asked: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let next = 0; next < requests.length; ) {
    await delay(1);
    const due = Math.min(requests.length, ((performance.now() - startedAt) / 1_000) * PER_SECOND);
    for (; next < due; next += 1) {
      const request = requests[next]!;
      for (const name of next % 2 === 0 ? NAMES : NAMES.toReversed()) {
        asked.push(ask(name, request)); // one that has to wait holds up no other
        await turn();
      }
    }
    progress(next / requests.length);
  }
  await Promise.all(asked);
  return taken;
}

/** Who asks meanwhile does not wait for the steps; those that were begun have been taken once it has `settled`. */
function ramping({ experiments }: Store, experimentId: string) {
  const steps: Promise<boolean>[] = [];
  return {
    progress(done: number): void {
      if (steps.length >= RAMP.length || done < (steps.length + 0.5) / RAMP.length) return;
      const ramp = RAMP[steps.length]!;
      const change = { to: 'rolling', from: ['rolling'], by: 'bench', reason: 'ramp', ramp } as const;
      const step = experiments.move(experimentId, change);
      step.catch(() => undefined); // told by `settled`
      steps.push(step);
    },
    async settled(): Promise<void> {
      const moved = await Promise.all(steps);
      if (!moved.every(Boolean)) throw new Error('a step of the ramp was not taken');
    },
  };
}

/** Microseconds of CPU time per decision, all threads; medians of rounds in turn. */
async function cpuOf(decide: Decide, requests: readonly Asked[]) {
  const perRound = times();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of NAMES) {
      const startMs = ownCpuMs();
      for (let index = 0; index < ROUND; index += 1) await decide(PIPELINES[name], requests[index % requests.length]!);
      perRound[name].push((1_000 * (ownCpuMs() - startMs)) / ROUND);
    }
  return { decided: median(perRound.decided), undeployed: median(perRound.undeployed) };
}

async function shareAssigned(decide: Decide, requests: readonly Asked[]): Promise<number> {
  let assigned = 0;
  for (const request of requests)
    assigned += Number(((await decide(PIPELINES.decided, request))?.assignments.length ?? 0) > 0);
  return assigned / requests.length;
}

const verdicts = [await measure('PGlite', startPglite)];
if (noPostgres === undefined) verdicts.push(await measure('PostgreSQL', startPostgres));
else console.log(`without PostgreSQL: ${noPostgres}`);
if (!verdicts.every(Boolean)) process.exitCode = 1;
