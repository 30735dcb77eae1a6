/** The process of a command whose provider fails, breaks off or never answers: it ends by itself, or at one signal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Fault } from '../standin/faults.ts';
import { type LocalStandIn, startStandIn } from '../standin/start.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** A process that does not end is killed after this, and has no exit code then. */
const KILL_AFTER_MS = 100_000;

let standIn: LocalStandIn;
let folder: string;
beforeAll(async () => {
  [standIn, folder] = await Promise.all([startStandIn(), mkdtemp(join(tmpdir(), 'sluice-provider-'))]);
});
beforeEach(() => standIn.reset());
afterAll(() => Promise.all([standIn.close(), rm(folder, { recursive: true })]));

/** A command that calls Cohere once. */
function askCohere() {
  const { PATH = '' } = process.env;
  const env = { PATH, CO_API_KEY: 'k9-good-0123456789', COHERE_BASE_URL: standIn.cohereUrl };
  const options = { cwd: folder, env, timeout: KILL_AFTER_MS, killSignal: 'SIGKILL' } as const;
  const child = spawn(process.execPath, [main, 'doctor', '--online', '--json'], options);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stdout })) };
}

it.each<[string, Fault]>([
  ['fails', { kind: 'status', status: 503 }],
  ['breaks off', { kind: 'cut' }],
  ['never answers, and is given up', { kind: 'hang' }],
])('it ends by itself, its answer written, when Cohere %s', async (_name, fault) => {
  await standIn.fault(fault, { times: 'always' });
  const { code, stdout } = await askCohere().ended;
  expect(JSON.parse(stdout).checks).toContainEqual(expect.objectContaining({ name: 'cohere', status: 'fail' }));
  expect(code).toBe(1);
  expect(await standIn.requests()).not.toEqual([]);
});

it('one signal ends it while Cohere hangs', async () => {
  await standIn.fault({ kind: 'hang' }, { times: 'always' });
  const { child, ended } = askCohere();
  await standIn.until((requests) => requests.length > 0, KILL_AFTER_MS);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 130, stdout: '' });
});
