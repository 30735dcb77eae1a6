/**
 * Keys stay where they are used. Runs that go well and runs whose provider repeats the keys in every way, with all logs
 * on; then everything that is kept or shown is searched, for the keys and for pieces of them.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { hurriedBot } from './hurried-bot.ts';
import { type KeyQuotingServer, KINDS_OF_ANSWERS, startKeyQuotingServer } from './key-quoting-server.ts';
import { historiesOf, leaksIn, PIECE_CHARACTERS, type Place, tablesOf } from './leaks.ts';
import { ingestDocuments, openStage, type Stage, sayYes } from './stage.ts';
import type { Worker } from './worker.ts';

const KEYS = {
  OPENAI_API_KEY: `sk-proj-${randomBytes(30).toString('base64url')}`,
  CO_API_KEY: randomBytes(20).toString('hex'),
  SLUICE_SINK_KEY: randomBytes(32).toString('hex'),
};
const LOUD = { SLUICE_LOG: 'debug', OPENAI_LOG: 'debug', DEBUG: '*', NODE_DEBUG: 'http,fetch' };
const QUESTION = 'Within how many days of the return of the goods is a refund paid?';
const repository = fileURLToPath(new URL('../../', import.meta.url));

let stage: Stage;
let quoting: KeyQuotingServer;
const workers: Worker[] = [];
const shown: Place[] = [];

beforeAll(async () => {
  quoting = await startKeyQuotingServer();
  stage = await openStage({
    temporalAddress: inject('temporalAddress'),
    cache: inject('cache'),
    settings: { ...KEYS, ...LOUD },
  });
});
afterAll(async () => {
  await stage?.stop();
  await quoting?.stop();
});

/** `sluice` as a process; how it ends is not looked at, what it prints is kept. */
async function sluice(...args: readonly string[]): Promise<string> {
  const options = { cwd: repository, env: { PATH: process.env.PATH, ...stage.environment }, maxBuffer: 1e9 };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['src/cli/main.ts', ...args], options).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  shown.push({ where: `what 'sluice ${args[0]}' prints`, text: stdout + stderr });
  return stdout + stderr;
}

async function everything(): Promise<readonly Place[]> {
  const queues = ['run', 'control'].map((name) => `${stage.environment.SLUICE_QUEUE_PREFIX}-${name}`);
  return [
    ...shown,
    ...workers.map((worker, number) => ({ where: `the log of worker ${number + 1}`, text: worker.said() })),
    ...(await historiesOf(stage.temporal, queues)),
    ...(await tablesOf(stage.environment.DATABASE_URL!)),
  ];
}

test('runs that go well, streamed and recorded', async () => {
  const worker = await stage.startWorker();
  workers.push(worker);
  await ingestDocuments(stage);
  await sayYes(stage.standIn);
  expect(await sluice('ask', 'docs-bot', QUESTION, '--stream')).toContain('fourteen days');
  expect(await sluice('ask', 'docs-bot', QUESTION, '--json')).toContain('"outcome": "completed"');
  expect(new Set((await stage.standIn.requests()).map(({ keyHash }) => keyHash)).size).toBe(2);
  await worker.kill();
});

test('runs that fail, whose provider repeats the keys', async () => {
  const address = { OPENAI_BASE_URL: `${quoting.url}/v1`, COHERE_BASE_URL: quoting.url };
  workers.push(await stage.startWorker(address));
  // Odd steps through the answers: each provider's key meets each of them.
  while (quoting.given.size < KINDS_OF_ANSWERS || Math.min(...quoting.given.values()) < 4) {
    const run = await stage.runtime.client.run(hurriedBot, { question: QUESTION });
    expect(run.outcome).toBe('failed');
    shown.push({ where: 'what a client is told', text: JSON.stringify(run) });
  }
  const said = await sluice('ask', 'docs-bot', QUESTION);
  expect(said).toContain('cohere/');
  await sluice('runs', '--json');
});

test('no key is anywhere, nor a piece of one', async () => {
  const places = await everything();
  // What is searched is there: logs are on, histories and tables are full.
  const size = (prefix: string) =>
    places.filter(({ where }) => where.startsWith(prefix)).map(({ text }) => text.length);
  expect(Math.min(...size('the log'))).toBeGreaterThan(10_000);
  expect(size('the history').length).toBeGreaterThan(4);
  expect(Math.min(...size('table provider_call'), ...size('table run'), ...size('table node_run'))).toBeGreaterThan(
    500,
  );
  expect(leaksIn(places, KEYS)).toEqual([]);
});

test('a leak would be seen, by a piece of a key', async () => {
  const piece = KEYS.OPENAI_API_KEY.slice(20, 20 + PIECE_CHARACTERS);
  await stage.runtime.client.run(hurriedBot, { question: `What is ${piece}?` });
  const leaks = leaksIn([...(await everything()), { where: 'a log', text: `key=${piece}` }], KEYS);
  expect(leaks).toEqual(expect.arrayContaining(['OPENAI_API_KEY in table run', 'OPENAI_API_KEY in a log']));
  expect(leaks.some((leak) => leak.startsWith('OPENAI_API_KEY in the history of'))).toBe(true);
  expect(leaks.every((leak) => !leak.includes(piece))).toBe(true);
});
