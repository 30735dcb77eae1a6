/**
 * The dashboard with 100,000 runs: how long until the list of runs is painted, and until a filter has changed it; how much
 * memory the page has after it was scrolled through. Then four variants on 10,000 examples: how long until verdict and
 * examples of their comparison are painted, from the button in the list and by its address. In Chromium, over the API, on
 * the embedded database.
 *
 * npm run bench:dashboard [-- --smoke]
 */
import type { Page } from 'playwright-core';
import type { Undo } from '../src/base/unwind.ts';
import { SCOPES } from '../src/store/api-keys.ts';
import { putEvaluation } from '../test/evaluation/report/put-evaluation.ts';
import { noChromium, startChromium } from '../test/support/chromium.ts';
import { signIn } from '../test/support/dashboard.ts';
import { makeBenchKey, startBenchApi, withBenchServers } from './support/api.ts';
import { cpuMsOf, ownCpuMs } from './support/cpu.ts';
import { echoFive } from './support/echo-five.ts';
import { report } from './support/report.ts';
import type { BenchServers } from './support/servers.ts';
import { median } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const RUNS = isSmoke ? 2_000 : 100_000;
const EXAMPLES = isSmoke ? 300 : 10_000;
const ROUNDS = isSmoke ? 1 : 5;
const pipeline = echoFive();

/** Of one pipeline, a second apart, each with two calls; every twentieth failed, every tenth was rated. */
const MANY_RUNS = `
  insert into run (run_id, pipeline, plan_id, arms, unit, state, input, output, started_at, finished_at)
  select 'run-' || lpad(to_hex(n), 32, '0'), 'bench', repeat('a', 64), '{}', 'user-' || n % 5000,
    case when n % 20 = 0 then 'failed' else 'completed' end,
    json_build_object('question', 'How do I stream a response, in ' || n || ' words?'), '{"text": "Call streamText."}',
    now() - n * interval '1 second', now() - n * interval '1 second' + (50 + n % 3000) * interval '1 millisecond'
  from generate_series(1, $1::int) as n`;
const MANY_CALLS = `
  insert into provider_call (call_id, run_id, key, attempt, idempotency_key, provider, model, kind, reserved_tokens,
    status, usage, input_tokens, output_tokens, cost_usd, finished_at)
  select gen_random_uuid(), 'run-' || lpad(to_hex(n), 32, '0'), 'one', 1, 'k' || n || '-' || call, 'openai', 'gpt', 'text', 0,
    'done', 'reported', 500 + n % 700, 80, 0.0004 + (n % 100) * 0.00001, now()
  from generate_series(1, $1::int) as n, generate_series(1, 2) as call`;
const MANY_THUMBS = `
  insert into feedback (feedback_id, run_id, thumb, at, received_at)
  select 'f' || n, 'run-' || lpad(to_hex(n), 32, '0'), case when n % 3 = 0 then -1 else 1 end, now(), now()
  from generate_series(10, $1::int, 10) as n`;

async function measure(servers: BenchServers, undo: Undo): Promise<boolean> {
  const { database } = servers;
  for (const statement of [MANY_RUNS, MANY_CALLS, MANY_THUMBS])
    await database.query(statement, [RUNS], { timeoutMs: 300_000 });
  await database.script('analyze run; analyze provider_call; analyze feedback');
  const url = await startBenchApi(servers, { pipeline, runsAtOnce: 8 }, undo);
  const browser = await startChromium();
  undo.push(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await signIn(page, url, await makeBenchKey(servers, SCOPES));
  await page.locator('tbody tr.opens').first().waitFor();
  const paints: number[] = [];
  const filters: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    paints.push(await timed(page, () => page.goto(`${url}/ui/runs`), 'tbody tr.opens >> nth=10'));
    // Somebody who filters has seen what there is.
    await page.waitForLoadState('networkidle');
    filters.push(await filterTime(page));
  }
  const heapMb = await heapAfterScrolling(page);
  const isListMet = report(`${RUNS.toLocaleString('en')} runs in the list`, [
    { what: 'until rows are painted, median', value: median(paints), unit: 'ms', asked: { atMost: 1_500 } },
    { what: 'until a filter has changed them, median', value: median(filters), unit: 'ms', asked: { atMost: 300 } },
    { what: "the page's JavaScript heap after scrolling", value: heapMb, unit: 'MB', asked: { atMost: 300 } },
  ]);
  return (await measureComparison(page, servers, url)) && isListMet;
}

/** Each round as if it had never been looked at: nothing of it is kept. */
async function measureComparison(page: Page, servers: BenchServers, url: string): Promise<boolean> {
  const { store, database, pids } = servers;
  const evaluationId = await putEvaluation(store, EXAMPLES);
  await database.script('analyze evaluation_result; analyze example; analyze version_example');
  const cpuMs = () => ownCpuMs() + cpuMsOf(pids.database);
  // It ends anew: what was kept of it rests on something else.
  const forget = async () => {
    for (const state of ['running', 'completed'] as const) await store.evaluations.setState(evaluationId, state);
  };
  const open = () => paintedAfter(page, () => page.goto(`${url}/ui/compare?ids=${evaluationId}`, COMMITTED));
  const press = () => page.getByRole('button', { name: 'Compare', exact: true }).click();
  const rounds: { readonly ms: number; readonly cpuMs: number; readonly again: number }[] = [];
  const pressed: { readonly atOnce: number; readonly later: number; readonly madeMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await forget();
    const before = cpuMs();
    const ms = await open();
    rounds.push({ ms, cpuMs: cpuMs() - before, again: await open() });
    await forget();
    await choose(page, url, evaluationId);
    const atOnce = await paintedAfter(page, press);
    await forget();
    const madeAt = page.waitForResponse(/comparisons\/ahead/).then(() => performance.now());
    const chosenAt = performance.now();
    await choose(page, url, evaluationId);
    const madeMs = (await madeAt) - chosenAt;
    pressed.push({ atOnce, later: await paintedAfter(page, press), madeMs });
  }
  const medianOf = <Of>(of: readonly Of[], value: (one: Of) => number) => median(of.map(value));
  return report(
    `A comparison of ${EXAMPLES.toLocaleString('en')} examples × 4 variants, until verdict and examples are painted`,
    [
      {
        what: 'chosen in the list, from pressing Compare, median',
        ...{ value: medianOf(pressed, ({ later }) => later), unit: 'ms', asked: { atMost: 1_000 } },
      },
      {
        what: '  made ahead since the list was opened, median',
        value: medianOf(pressed, (one) => one.madeMs),
        unit: 'ms',
      },
      { what: '  pressed before it is made ahead, median', value: medianOf(pressed, (one) => one.atOnce), unit: 'ms' },
      {
        what: 'by its address, nothing of it made or kept, median',
        ...{ value: medianOf(rounds, ({ ms }) => ms), unit: 'ms', asked: { atMost: 1_000 } },
      },
      { what: '  CPU of server and database for it, median', value: medianOf(rounds, (one) => one.cpuMs), unit: 'ms' },
      { what: '  looked at again, median', value: medianOf(rounds, ({ again }) => again), unit: 'ms' },
    ],
  );
}

async function choose(page: Page, url: string, evaluationId: string): Promise<void> {
  await page.goto(`${url}/ui/evaluations`);
  await page.getByLabel(`Compare ${evaluationId}`).check();
}

/** Resolves in the frame after the one in which it holds. In the page, since whoever asks from without asks late. */
const paintedOnce = (holds: string) => `new Promise((done) => {
  const look = () => requestAnimationFrame(() => (${holds} ? requestAnimationFrame(done) : look()));
  look();
})`;

const COMPARED = paintedOnce(
  "document.querySelector('.verdict .gate') && document.querySelector('[aria-labelledby=examples-title] tbody tr.opens')",
);

const COMMITTED = { waitUntil: 'commit' } as const;

/** Milliseconds from the act until the comparison is painted. */
async function paintedAfter(page: Page, act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  await page.evaluate(COMPARED);
  return performance.now() - startedAt;
}

async function timed(page: Page, act: () => Promise<unknown>, until: string): Promise<number> {
  const startedAt = performance.now();
  await act();
  await page.locator(until).waitFor();
  return performance.now() - startedAt;
}

/** Milliseconds from the press, as the page is told of it, until the words are painted. */
const filteredTo = (words: string) => `
  new Promise((pressed) => addEventListener('click', pressed, { capture: true, once: true })).then(({ timeStamp }) =>
    ${paintedOnce(`document.querySelector('main').textContent.includes(${JSON.stringify(words)})`)}
      .then(() => performance.now() - timeStamp))`;

async function filterTime(page: Page): Promise<number> {
  await page.getByLabel('Value').fill('failed');
  const took = page.evaluate<number>(filteredTo(`${Math.floor(RUNS / 20).toLocaleString('en')} match`));
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  return took;
}

const SCROLLS = 40;

async function heapAfterScrolling(page: Page): Promise<number> {
  for (let n = 1; n <= SCROLLS; n += 1)
    await page.locator('.table-wrap.tall').evaluate((table) => table.scrollTo(0, table.scrollHeight));
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6;
}

if (noChromium) console.log(`${noChromium}: nothing is measured`);
const isMet = noChromium !== undefined || (await withBenchServers(measure));
process.exit(isMet || isSmoke ? 0 : 1);
