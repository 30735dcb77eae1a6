/**
 * The API, asked by its own document with what nobody would think of: schemathesis makes the requests, and checks each
 * answer against the document. Needs the Python packages that `.ci/run` fetches; SLUICE_TEST_PYTHON is their folder.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { SCOPES } from '../../src/store/api-keys.ts';
import { type Live, startLive } from '../support/live.ts';
import { type Api, keyOf, startApi } from './api-support.ts';

const packages = process.env.SLUICE_TEST_PYTHON ?? '';
const isThere = existsSync(join(packages, 'schemathesis'));
if (!isThere) console.warn('SLUICE_TEST_PYTHON has no schemathesis: the API is not fuzzed');

/** Requests per operation; more for a longer look: SLUICE_FUZZ_EXAMPLES=500. */
const EXAMPLES = process.env.SLUICE_FUZZ_EXAMPLES ?? '10';
const SEED = '20';

const Word = z.object({ text: z.string().max(1_000) });
const say = defineStep('say', {
  version: 1,
  input: Word,
  output: Word,
  effect: 'none',
  policy: { attempts: 1, timeout: '30 seconds' },
});
/** Named as the document's examples are, so that they reach it. */
const echo = definePipeline('docs-bot', Word, {
  chat: ({ messages }) => ({ text: messages.at(-1)?.content ?? '' }),
})
  .step('said', say, ({ input }) => ({ text: input.text }))
  .output(Word, ({ said }) => ({ text: said.text }));

let live: Live;
let api: Api;
beforeAll(async () => {
  live = await startLive(() => [implement(say, ({ text }) => ({ text }))]);
  api = await startApi(live, [echo], { limits: { requestsPerSecond: 100_000, refusedPerMinute: 100_000 } });
});
afterAll(async () => {
  await api?.close(1_000);
  await live?.stop();
});

test.runIf(isThere)('no server error, and no answer that the document does not have', async () => {
  const key = await keyOf(live, 'fuzz', SCOPES);
  const { runId } = (await api.ask(key, 'POST', '/v1/pipelines/docs-bot/runs', { input: { text: 'hello' } })).body;
  expect(runId).toMatch(/^run-/);
  const checks = [
    ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'],
    ...['response_headers_conformance', 'unsupported_method', 'allow_header_conformance', 'ignored_auth'],
  ];
  const options = [
    ...['--checks', checks.join(','), '--max-examples', EXAMPLES, '--seed', SEED, '--workers', '1', '--no-color'],
    ...['--header', `Authorization: Bearer ${key}`, '--continue-on-failure', '--generation-database', 'none'],
  ];
  const child = spawn('python3', ['-m', 'schemathesis.cli', 'run', `${api.url}/openapi.json`, ...options], {
    env: { ...process.env, PYTHONPATH: packages },
    // Where it keeps what it has seen.
    cwd: live.folder,
  });
  const [output, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((done) => child.once('close', done)),
  ]);
  expect(`${output}\n${complaints}`).not.toContain('FAILURES');
  expect(code, `${output}\n${complaints}`).toBe(0);
  const broken = api.logged.filter(({ status }) => status >= 500);
  expect(broken).toEqual([]);
  expect(api.logged.length).toBeGreaterThan(100);
});
