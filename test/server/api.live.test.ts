import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../src/api/api-key.ts';
import { helped, tokenSteps, told, written } from '../runtime/token-steps.ts';
import { startOf } from '../store/experiment-helpers.ts';
import { type Live, startLive } from '../support/live.ts';
import { readExposition } from '../telemetry/exposition.ts';
import { type Api, keyOf, startApi } from './api-support.ts';

let live: Live;
let api: Api;
let app: string;
let reader: string;
let operator: string;
/** What each run waits for at half its text; a test may put its own in. */
let half: Promise<unknown>;
const wide = told.variant('short', (edit) => edit.options('answer', { max: 1 }));

beforeAll(async () => {
  half = Promise.resolve();
  live = await startLive(tokenSteps(() => half));
  // Short times for a client that is slow on purpose.
  api = await startApi(live, [told, helped, wide], { headersMs: 300, requestMs: 600 });
  app = await keyOf(live, 'app', ['ask', 'feedback']);
  reader = await keyOf(live, 'reader', ['read']);
  operator = await keyOf(live, 'operator', ['ask', 'operate']);
});
afterAll(async () => {
  await api?.close(1_000);
  await live?.stop();
});

const RUNS = '/v1/pipelines/told/runs';
const asking = (input: object, more: object = {}) => ({ input, ...more });

/** The events of a stream, as its `data`. */
function eventsOf(body: string) {
  return body
    .split('\n\n')
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => JSON.parse(line.slice('data: '.length)) as { kind: string; [field: string]: unknown });
}

describe('asking', () => {
  test('the answer as JSON is the recorded run', async () => {
    const { status, headers, body } = await api.ask(app, 'POST', RUNS, asking({ text: 'hello' }, { unit: 'ada' }));
    expect([status, body.outcome, body.output]).toEqual([200, 'completed', { text: written('hello') }]);
    expect(headers.get('x-run-id')).toBe(body.runId);
    expect(body.nodes.map(({ key }: { key: string }) => key)).toEqual(['draft[1]', 'check[1]', 'answer']);
    const shown = await api.ask(app, 'GET', `/v1/runs/${body.runId}`);
    expect([shown.status, shown.body]).toEqual([200, body]);
    expect(await live.store.runs.get(body.runId)).toMatchObject({ owner: 'app', unit: 'ada' });
  });

  test('a stream begins with the run, shows drafts where they are asked for, and ends with the answer', async () => {
    const { status, body } = await api.ask(
      app,
      'POST',
      RUNS,
      asking({ text: 'stream', failures: 1 }, { drafts: true }),
      {
        accept: 'text/event-stream',
      },
    );
    const events = eventsOf(body);
    const kinds = [...new Set(events.map(({ kind }) => kind))];
    expect([status, kinds]).toEqual([200, ['run', 'token', 'retract', 'accepted', 'answer']]);
    expect(events.at(-1)).toMatchObject({ result: { output: { text: written('stream', 1, 2) } } });
    expect(events[0]!.runId).toBe(events.at(-1)!.runId);
  });

  test('a run that failed is an answer, in JSON as in a stream', async () => {
    const failing = asking({ text: 'x', failures: 3 });
    const { status, body } = await api.ask(app, 'POST', RUNS, failing);
    expect([status, body.outcome, body.error.code]).toEqual([200, 'failed', 'cut']);
    const streamed = await api.ask(app, 'POST', RUNS, failing, { accept: 'text/event-stream' });
    expect(eventsOf(streamed.body).at(-1)).toMatchObject({ kind: 'failed', error: { code: 'cut' } });
  });

  test('the same key is the same run, of the same owner; another input is refused', async () => {
    const other = await keyOf(live, 'other', ['ask']);
    const once = { 'idempotency-key': 'order-7' };
    const [first, again, others] = await Promise.all([
      api.ask(app, 'POST', RUNS, asking({ text: 'a' }), once),
      api.ask(app, 'POST', RUNS, asking({ text: 'a' }), once),
      api.ask(other, 'POST', RUNS, asking({ text: 'b' }), once),
    ]);
    expect([again.body.runId, others.status]).toEqual([first.body.runId, 200]);
    expect(others.body.runId).not.toBe(first.body.runId);
    const changed = await api.ask(app, 'POST', RUNS, asking({ text: 'b' }), once);
    expect([changed.status, changed.body.code]).toEqual([409, 'idempotency_conflict']);
  });

  test('what is not waited for goes on, and is found by its id', async () => {
    const open = Promise.withResolvers<void>();
    half = open.promise;
    const asked = await api.ask(app, 'POST', RUNS, asking({ text: 'later' }), { prefer: 'respond-async' });
    expect([asked.status, asked.body.state]).toEqual([202, 'running']);
    const location = asked.headers.get('location')!;
    expect((await api.ask(app, 'GET', location)).status).toBe(202);
    open.resolve();
    half = Promise.resolve();
    await expect
      .poll(async () => (await api.ask(app, 'GET', location)).body.output)
      .toEqual({ text: written('later') });
  });

  test('a run that takes longer than is waited is answered with its id', async () => {
    const impatient = await startApi(live, [told], { limits: { waitMs: 50 } });
    const open = Promise.withResolvers<void>();
    half = open.promise;
    const { status, body } = await impatient.ask(app, 'POST', RUNS, asking({ text: 'slow' }));
    expect([status, body.state]).toEqual([202, 'running']);
    open.resolve();
    half = Promise.resolve();
    await impatient.close(1_000);
  });

  test('beyond its limit the server refuses at once, and takes more when one has ended', async () => {
    const narrow = await startApi(live, [told], { limits: { runsAtOnce: 1 } });
    const open = Promise.withResolvers<void>();
    half = open.promise;
    const first = narrow.ask(app, 'POST', RUNS, asking({ text: 'one' }));
    await expect.poll(async () => (await narrow.ask(app, 'POST', RUNS, asking({ text: 'two' }))).status).toBe(429);
    const refused = await narrow.ask(app, 'POST', RUNS, asking({ text: 'three' }));
    expect([refused.body.code, refused.headers.get('retry-after')]).toEqual(['overloaded', '1']);
    open.resolve();
    half = Promise.resolve();
    expect((await first).status).toBe(200);
    expect((await narrow.ask(app, 'POST', RUNS, asking({ text: 'four' }))).status).toBe(200);
    await narrow.close(1_000);
  });

  test('a variant is for those who operate', async () => {
    const path = '/v1/pipelines/told:short/runs';
    const refused = await api.ask(app, 'POST', path, asking({ text: 'x' }));
    expect([refused.status, refused.body.code]).toEqual([403, 'variant_forbidden']);
    const { body } = await api.ask(operator, 'POST', path, asking({ text: 'x' }));
    expect([body.outcome, body.arms]).toEqual(['completed', {}]);
  });

  test.each([
    ['an input that does not fit', RUNS, asking({ text: 7 }), 422, 'input_invalid'],
    ['a field that is not taken', RUNS, { ...asking({ text: 'x' }), surprise: 1 }, 422, 'request_invalid'],
    ['a budget that is none', RUNS, asking({ text: 'x' }, { budget: { usd: -1 } }), 422, 'request_invalid'],
    ['a unit that is too long', RUNS, asking({ text: 'x' }, { unit: 'u'.repeat(10_000) }), 422, 'request_invalid'],
    ['half a surrogate pair', RUNS, asking({ text: '\ud800' }), 422, 'input_invalid'],
    ['a pipeline that is not there', '/v1/pipelines/tolt/runs', asking({}), 404, 'pipeline_unknown'],
    ['a name that is none', '/v1/pipelines/a%20b/runs', asking({}), 400, 'request_invalid'],
    ['a path that is not there', '/v1/nothing', asking({}), 404, 'path_unknown'],
  ])('%s', async (_, path, body, status, code) => {
    const refused = await api.ask(app, 'POST', path, body);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.body).toMatchObject({ status, type: `urn:sluice:${code}`, remedy: expect.any(String) });
  });
});

describe('runs and feedback', () => {
  test('pages go back in time, and show a caller its own', async () => {
    const mine = await keyOf(live, 'mine', ['ask']);
    const ids: string[] = [];
    for (const text of ['a', 'b', 'c']) ids.unshift((await api.ask(mine, 'POST', RUNS, asking({ text }))).body.runId);
    const first = await api.ask(mine, 'GET', '/v1/runs?limit=2');
    const second = await api.ask(mine, 'GET', `/v1/runs?limit=2&before=${first.body.next}`);
    const shown = [...first.body.runs, ...second.body.runs].map(({ runId }) => runId);
    expect([shown, second.body.next]).toEqual([ids, null]);
    const all = await api.ask(reader, 'GET', '/v1/runs?limit=100');
    expect(all.body.runs.length).toBeGreaterThan(3);
    expect((await api.ask(mine, 'GET', '/v1/runs?before=nonsense')).body.code).toBe('cursor_invalid');
  });

  test('feedback is kept once, joined to its run', async () => {
    const { runId } = (await api.ask(app, 'POST', RUNS, asking({ text: 'x' }))).body;
    const path = `/v1/runs/${runId}/feedback`;
    const said = { thumb: 'up', score: 4.5, note: 'good', emoji: '🎉', fields: { helpful: true } };
    const [first, again] = [await api.ask(app, 'POST', path, said), await api.ask(app, 'POST', path, said)];
    expect([first.status, first.body.feedbackId]).toEqual([201, again.body.feedbackId]);
    expect(first.body).toMatchObject({ ...said, runId, by: 'key:app', arms: {}, snapshots: {} });
    const list = await api.ask(reader, 'GET', path);
    expect(list.body.feedback).toEqual([first.body]);
    expect((await api.ask(app, 'POST', path, {})).body.code).toBe('feedback_invalid');
    const keyed = { 'idempotency-key': 'click-1' };
    await api.ask(app, 'POST', path, { thumb: 'down' }, keyed);
    const conflict = await api.ask(app, 'POST', path, { thumb: 'up' }, keyed);
    expect([conflict.status, conflict.body.code]).toEqual([409, 'feedback_conflict']);
  });

  test('the run of somebody else is as one that is not there', async () => {
    const { runId } = (await api.ask(app, 'POST', RUNS, asking({ text: 'private' }))).body;
    const stranger = await keyOf(live, 'stranger', ['ask', 'feedback']);
    const sibling = await keyOf(live, 'sibling', ['ask', 'feedback'], { owner: 'app' });
    const unknown = `run-${'0'.repeat(32)}`;
    const answers = await Promise.all([
      api.ask(stranger, 'GET', `/v1/runs/${runId}`),
      api.ask(stranger, 'GET', `/v1/runs/${unknown}`),
      api.ask(stranger, 'POST', `/v1/runs/${runId}/feedback`, { thumb: 'up' }),
      api.ask(stranger, 'POST', `/v1/runs/${unknown}/feedback`, { thumb: 'up' }),
    ]);
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(answers.map(() => [404, 'run_unknown']));
    const [seen, notThere] = answers.map(({ body }) => JSON.stringify({ ...body, requestId: '' }));
    expect(seen!.replaceAll(runId, unknown)).toBe(notThere);
    expect((await api.ask(sibling, 'GET', `/v1/runs/${runId}`)).status).toBe(200);
  });
});

describe('operating', () => {
  test('deploys, rolls back, and says who did what', async () => {
    const why = { why: 'in a test' };
    expect((await api.ask(app, 'POST', '/v1/pipelines/helped/deployments', why)).status).toBe(403);
    const first = await api.ask(operator, 'POST', '/v1/pipelines/told/deployments', why);
    expect([first.status, first.body]).toEqual([201, expect.objectContaining({ deploymentNo: 1, by: 'key:operator' })]);
    const second = await api.ask(operator, 'POST', '/v1/pipelines/told:short/deployments', why);
    expect(second.body).toMatchObject({ deploymentNo: 2, variant: 'short' });
    const back = await api.ask(operator, 'POST', '/v1/pipelines/told/rollback', why);
    expect(back.body).toMatchObject({ deploymentNo: 3, kind: 'rollback', planId: first.body.planId });
    const again = await api.ask(operator, 'POST', '/v1/pipelines/told/rollback', why);
    expect([again.status, again.body.code]).toEqual([409, 'rolled_back_already']);
    const served = await api.ask(reader, 'GET', '/v1/pipelines/told');
    expect(served.body).toMatchObject({ deployment: back.body, schemas: { input: { type: 'object' } } });
    const history = await api.ask(reader, 'GET', '/v1/pipelines/told/deployments');
    expect(history.body.deployments).toEqual([back.body, second.body, first.body]);
    const { body } = await api.ask(reader, 'GET', '/v1/audit?subject=told');
    expect(body.audit.map(({ who, action }: { who: string; action: string }) => [who, action])).toEqual([
      ['key:operator', 'rollback'],
      ['key:operator', 'deploy'],
      ['key:operator', 'deploy'],
    ]);
  });

  test('shows and stops an experiment', async () => {
    const row = await startOf(live, 'seen', 'told');
    const path = `/v1/experiments/${row.experimentId}`;
    const { body } = await api.ask(reader, 'GET', path);
    expect(body).toMatchObject({ experimentId: row.experimentId, state: 'running', look: null });
    expect(body.sentences.length).toBeGreaterThan(0);
    const listed = await api.ask(reader, 'GET', '/v1/experiments?live=true&pipeline=told');
    expect(listed.body.experiments.map(({ experimentId }: { experimentId: string }) => experimentId)).toEqual([
      row.experimentId,
    ]);
    expect((await api.ask(reader, 'POST', `${path}/abort`, { why: 'x' })).status).toBe(403);
    const aborted = await api.ask(operator, 'POST', `${path}/abort`, { why: 'seen enough' });
    expect([aborted.status, aborted.body.state]).toEqual([200, 'aborted']);
    const twice = await api.ask(operator, 'POST', `${path}/pause`, { why: 'x' });
    expect([twice.status, twice.body.code]).toEqual([409, 'experiment_ended']);
    const { body: trail } = await api.ask(reader, 'GET', `/v1/audit?subject=${row.experimentId}`);
    expect(trail.audit[0]).toMatchObject({ who: 'key:operator', why: 'seen enough' });
  });
});

describe('keys', () => {
  test('one without the scope, an expired, a revoked, a forged one, and none', async () => {
    const expired = await keyOf(live, 'expired', ['ask'], { expiresAt: Date.now() - 1 });
    const revoked = await keyOf(live, 'revoked', ['ask']);
    await live.store.apiKeys.revoke('revoked', 'test', 'leaked');
    const forged = `${app.slice(0, -43)}${makeApiKey().secret}`;
    const answers = await Promise.all(
      [reader, expired, revoked, forged, makeApiKey().key, 'sk-else', null].map((key) =>
        api.ask(key, 'POST', RUNS, asking({ text: 'x' })),
      ),
    );
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [403, 'forbidden'],
      ...Array.from({ length: 6 }, () => [401, 'unauthorized']),
    ]);
    expect(answers[1]!.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('wrong ones get 429 beyond the limit, and a valid one from the same address is answered', async () => {
    const strict = await startApi(live, [told], { limits: { refusedPerMinute: 3 } });
    const tries: number[] = [];
    for (let n = 0; n < 5; n += 1) tries.push((await strict.ask(makeApiKey().key, 'GET', '/v1/runs')).status);
    expect(tries).toEqual([401, 401, 401, 429, 429]);
    const right = await strict.ask(app, 'GET', '/v1/runs');
    expect(right.status).toBe(200);
    await strict.close(1_000);
  });

  test('a key that asks too often is refused for now; another is not', async () => {
    const slow = await startApi(live, [told], { limits: { requestsPerSecond: 2 } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => slow.ask(app, 'GET', '/v1/runs')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ body: { code: 'rate_limited' } });
    expect((await slow.ask(reader, 'GET', '/v1/runs')).status).toBe(200);
    await slow.close(1_000);
  });
});

describe('hostile clients', () => {
  /** What the server says to these bytes until it closes the connection. */
  const send = async (...parts: readonly string[]) => {
    const socket = connectSocket(Number(new URL(api.url).port), '127.0.0.1');
    for (const part of parts) socket.write(part);
    return text(socket).catch(() => 'closed');
  };

  test('100 MB are refused by their announcement, and when they are not announced', async () => {
    const head = `POST ${RUNS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app}\r\nContent-Type: application/json\r\n`;
    expect(await send(`${head}Content-Length: 104857600\r\n\r\n{"input":`)).toContain('413 Payload Too Large');
    const chunk = `80000\r\n${'x'.repeat(0x80000)}\r\n`;
    const answer = await send(`${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array.from({ length: 8 }, () => chunk));
    expect(answer).toMatch(/413 Payload Too Large|closed/);
  });

  test('a client that sends slowly is cut, with its headers or its body', async () => {
    expect(await send('GET /v1/runs HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toContain('408 Request Timeout');
    const head = `POST ${RUNS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${app}\r\nContent-Type: application/json\r\n`;
    expect(await send(`${head}Content-Length: 1000\r\n\r\n{`)).toMatch(/408 Request Timeout|closed/);
  });

  test('neither headers nor the log take what a request would write into them', async () => {
    const evil = 'a\r\nSet-Cookie: x=1\r\n\r\n{"level":"info"}';
    const { headers } = await api.ask(
      app,
      'GET',
      `/v1/runs/${encodeURIComponent(evil)}?token=hidden-in-query`,
      undefined,
      {
        'x-request-id': 'forged id; level=error',
      },
    );
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('x-request-id')).not.toContain('forged');
    const line = JSON.stringify(api.logged.at(-1));
    expect(line.includes('\n')).toBe(false);
    expect(line).not.toContain('hidden-in-query');
    expect(api.logged.at(-1)).toMatchObject({ level: 'warn', status: 400, key: 'app' });
  });

  test('no key, input or answer is in the log', () => {
    const lines = JSON.stringify(api.logged);
    expect(api.logged.length).toBeGreaterThan(50);
    for (const secret of [app, reader, operator, app.slice(-43), 'private', written('hello')])
      expect(lines).not.toContain(secret);
  });

  test('pages of other sites may not ask, but for those that are named', async () => {
    const { headers } = await api.ask(app, 'GET', '/v1/runs', undefined, { origin: 'https://elsewhere.example' });
    expect(headers.get('access-control-allow-origin')).toBeNull();
    const open = await startApi(live, [told], { origins: ['https://app.example'] });
    const preflight = (origin: string) =>
      open.ask(null, 'OPTIONS', RUNS, undefined, { origin, 'access-control-request-method': 'POST' });
    const [ours, theirs] = [await preflight('https://app.example'), await preflight('https://elsewhere.example')];
    expect(ours.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(theirs.headers.get('access-control-allow-origin')).toBeNull();
    await open.close(1_000);
  });

  test('a method that is not taken names those that are', async () => {
    const { status, headers } = await api.ask(app, 'DELETE', '/v1/runs');
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

test('health and metrics are of the servers that run', async () => {
  await api.ask(app, 'POST', RUNS, asking({ text: 'counted' }));
  const known = await api.ask(reader, 'GET', '/health');
  expect(known.status).toBe(200);
  for (const name of ['database', 'temporal', 'workers'])
    expect(known.body.checks).toContainEqual(expect.objectContaining({ name, status: 'ok' }));
  const { status, body } = await api.ask(reader, 'GET', '/metrics');
  const families = readExposition(body);
  const figureOf = (name: string, labels: object) =>
    families.get(name)?.samples.find((sample) => isDeepStrictEqual(sample.labels, labels))?.value;
  expect([status, figureOf('sluice_workers', {})]).toEqual([200, 1]);
  expect(figureOf('sluice_health_check_status', { check: 'temporal' })).toBe(0);
  expect(figureOf('sluice_recent_runs_ended', { pipeline: 'told', outcome: 'completed' })).toBeGreaterThan(0);
  const asked = { method: 'POST', route: '/v1/pipelines/:name/runs', status: '200' };
  expect(figureOf('sluice_http_requests_total', asked)).toBeGreaterThan(0);
  // Whoever streamed has been answered by now.
  expect(figureOf('sluice_http_streams_open', {})).toBe(0);
  expect(families.get('sluice_collector_up')?.samples.filter(({ value }) => value === 0)).toEqual([]);
  expect((await api.ask(app, 'GET', '/metrics')).status).toBe(403);
});

test('the document names every path, and the page shows it without help from elsewhere', async () => {
  const { body: document } = await api.ask(null, 'GET', '/openapi.json');
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toContain('/v1/pipelines/{name}/runs');
  const page = await api.ask(null, 'GET', '/docs');
  expect(page.body).not.toMatch(/https?:\/\//);
  const assets = [...String(page.body).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
  const answers = await Promise.all(assets.map((path) => api.ask(null, 'GET', path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});
