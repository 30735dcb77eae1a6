/**
 * Whether a provider sees more than `SLUICE_LIMITS` allows: 32 callers in two worker processes ask without pause over 75
 * seconds, and the stand-in provider counts what came in any 60 of them. Meanwhile it refuses one call in each of three
 * moments with a 429 and `Retry-After`: how many come before it said, and how early, is counted too.
 *
 * npm run bench:rate-limit [-- --smoke]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RequestSeen } from '../../test/standin/record.ts';
import { startStandIn } from '../../test/standin/start.ts';
import { startEmbedded } from '../../test/support/embedded.ts';
import { type Figure, report } from '../support/report.ts';
import type { Work } from './rate-limit-process.ts';

const smoke = process.argv.includes('--smoke');
const [SECONDS, WINDOW_SECONDS, REFUSALS] = smoke ? [8, 5, 1] : [75, 60, 3];
const [WORKERS, CALLERS] = [2, 32];
const PER_MINUTE = 300;
const RETRY_AFTER_MS = 2_000;
/** Of the limit. */
const ALLOWED = 1.05;
/** From the end of a refusal until all workers can know of it: what left before that cannot be called back. */
const ON_ITS_WAY_MS = 100;

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
const [standIn, database] = await Promise.all([startStandIn(), startEmbedded(folder)]);
try {
  await standIn.reply({}, { text: 'Yes.' }, { times: 'always' });
  const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
  const endsAt = Date.now() + SECONDS * 1_000;
  const ended = workers.map((worker) => once(worker, 'message') as Promise<[string[]]>);
  for (const worker of workers) worker.send({ callers: CALLERS / WORKERS, endsAt } satisfies Work);
  for (let refusal = 1; refusal <= REFUSALS; refusal += 1) {
    await delay((SECONDS * 1_000) / (REFUSALS + 1));
    await standIn.fault({ kind: 'rate-limited', retryAfter: { ms: RETRY_AFTER_MS } }, { times: 1 });
  }
  const unexpected = (await Promise.all(ended)).flatMap(([errors]) => errors);
  const seen = await standIn.requests();
  const met = report('one limit, two worker processes', figuresOf(seen, unexpected));
  process.exitCode = met || smoke ? 0 : 1;
} finally {
  await Promise.all([standIn.close(), database.stop()]);
  await rm(folder, { recursive: true });
}

async function startWorker(): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./rate-limit-process.ts', import.meta.url));
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    OPENAI_API_KEY: 'sk-stand-in',
    OPENAI_BASE_URL: standIn.openaiUrl,
    SLUICE_LIMITS: `openai/*:rpm=${PER_MINUTE}`,
  };
  const worker = fork(program, { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(worker, 'message');
  return worker;
}

function figuresOf(seen: readonly RequestSeen[], unexpected: readonly string[]): Figure[] {
  const at = seen.map(({ atMs }) => atMs);
  const within = (start: number) => at.filter((each) => each >= start && each < start + WINDOW_SECONDS * 1_000).length;
  const most = Math.max(...at.map(within));
  const limit = (PER_MINUTE * WINDOW_SECONDS) / 60;
  const refused = seen.filter(({ status }) => status === 429);
  const early = refused.flatMap(({ atMs, endedAtMs }) =>
    at.filter((each) => each > endedAtMs! && each < atMs + RETRY_AFTER_MS).map((each) => each - endedAtMs!),
  );
  const underWay = early.filter((afterMs) => afterMs < ON_ITS_WAY_MS).length;
  // What is held up is no loss of the limiter's.
  const secondsOpen = SECONDS - (refused.length * RETRY_AFTER_MS) / 1_000;
  return [
    {
      what: `most requests in any ${WINDOW_SECONDS} s, of ${limit} allowed`,
      value: most,
      unit: 'requests',
      asked: { atMost: limit * ALLOWED },
    },
    { what: 'of what the limit allows, used', value: (at.length / ((PER_MINUTE * secondsOpen) / 60)) * 100, unit: '%' },
    { what: 'refused by 429', value: refused.length, unit: 'requests', asked: { atLeast: REFUSALS } },
    {
      what: 'came before the Retry-After had passed',
      value: early.length - underWay,
      unit: 'requests',
      asked: { atMost: 0 },
    },
    { what: 'the last of these came, after the refusal', value: Math.max(0, ...early), unit: 'ms' },
    { what: `were on their way (within ${ON_ITS_WAY_MS} ms of the refusal)`, value: underWay, unit: 'requests' },
    { what: 'failed in any other way', value: unexpected.length, unit: 'calls', asked: { atMost: 0 } },
  ];
}
