/** What can be made of a run: its plan, an example, a backtest; asked of an app without servers. */
import { beforeEach, describe, expect, test } from 'vitest';
import { docsBot, narrow } from '../../pipelines/docs-bot.ts';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { NewRerunRequest } from '../../src/client/rerun-client.ts';
import type { Example } from '../../src/model/dataset.ts';
import type { ApiKeyRow, Scope } from '../../src/store/api-keys.ts';

const AT = Date.UTC(2026, 0, 1);
const RUN = 'run-4f1c09aa4f1c09aa4f1c09aa4f1c09aa';
const OTHER = 'run-00000000000000000000000000000000';
const PLAN_ID = 'abcdef012345';

let keys: Map<string, ApiKeyRow>;
let added: { name: string; examples: readonly Example[]; origin: string; mayBegin: boolean | undefined }[];
let started: NewRerunRequest[];
let run: { [field: string]: unknown };
let app: App;

beforeEach(() => {
  keys = new Map();
  [added, started] = [[], []];
  run = {
    ...{ runId: RUN, pipeline: 'docs-bot', state: 'completed', owner: 'app', contentRemovedAt: null },
    ...{ input: { question: 'why?' }, output: { text: 'because' } },
  };
  const unknown = (code: string) => new SluiceError(code, { message: 'there is none', remedy: 'another' });
  const rerun = {
    ...{ rerunId: 'backtest-docs-bot-1', pipeline: 'docs-bot', variant: 'narrow', state: 'running', error: null },
    ...{ spec: { from: 'ranked' }, startedAt: AT, endedAt: null },
  };
  const store = {
    apiKeys: { find: async (keyId: string) => keys.get(keyId) },
    runs: {
      get: async (id: string) => {
        if (id !== RUN) throw unknown('run_unknown');
        return run;
      },
    },
    plans: {
      find: async (id: string) => {
        if (!PLAN_ID.startsWith(id)) throw unknown('plan_unknown');
        return { planId: PLAN_ID, plan: docsBot.plan };
      },
    },
    payloads: {},
    datasets: {
      addAll: async (name: string, examples: readonly Example[], origin: string, more: { mayBegin?: boolean }) => {
        added.push({ name, examples, origin, mayBegin: more.mayBegin });
        const version = { dataset: name, version: 'f00', examples: 3 };
        return { created: true, version, added: examples.map(({ id }) => id) };
      },
    },
    reruns: {
      get: async () => rerun,
      progress: async () => ({ paidUsd: null }),
      result: async () => undefined,
    },
  };
  const client = {
    urlOf: (id: string) => `http://temporal/${id}`,
    startRerun: async (request: NewRerunRequest) => {
      started.push(request);
      return rerun;
    },
  };
  app = createApp({
    runtime: { store, client, connection: {}, streams: {}, temporal: {} } as unknown as ServerDependencies['runtime'],
    pipelines: new Map<string, typeof docsBot | typeof narrow>([
      ['docs-bot', docsBot],
      ['docs-bot:narrow', narrow],
    ]),
    limits: { bodyBytes: 100_000, requestsPerSecond: 100, refusedPerMinute: 3, runsAtOnce: 1, waitMs: 1 },
    ...{ version: '1.2.3', log: () => undefined },
  });
});

async function asked(scope: Scope, method: 'GET' | 'POST', path: string, body?: object) {
  const { key, keyId, secret } = makeApiKey();
  keys.set(keyId, {
    ...{ keyId, name: 'desk', secretHash: hashSecret(secret), scopes: [scope], owner: 'desk', createdAt: AT },
    ...{ createdBy: 'mo', expiresAt: null, revokedAt: null, isExpired: false },
  });
  const response = await app.request(path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { readonly code?: string; readonly [field: string]: unknown };
  return { status: response.status, body: answer };
}

describe('a plan', () => {
  test('is shown by the beginning of its id; another is not there', async () => {
    // It has the prompts: whoever may only ask does not see them.
    expect((await asked('ask', 'GET', '/v1/plans/abcdef')).status).toBe(403);
    const { status, body } = await asked('read', 'GET', '/v1/plans/abcdef');
    expect([status, body.planId]).toEqual([200, PLAN_ID]);
    expect(body.plan).toEqual(JSON.parse(JSON.stringify(docsBot.plan)));
    expect(await asked('read', 'GET', '/v1/plans/000000')).toMatchObject({
      status: 404,
      body: { code: 'plan_unknown' },
    });
  });
});

describe('examples of runs', () => {
  const PATH = '/v1/datasets/ai-docs/examples';
  const add = (body: object, scope: Scope = 'operate') => asked(scope, 'POST', PATH, body);

  test('have what the run was asked; its answer is expected where that is accepted', async () => {
    expect(await add({ runs: [RUN], accept: true, tags: ['good'] })).toEqual({
      status: 201,
      body: { dataset: 'ai-docs', version: 'f00', examples: 3, created: true, added: [RUN] },
    });
    expect(added).toEqual([
      {
        ...{ name: 'ai-docs', origin: `run ${RUN}`, mayBegin: false },
        examples: [expect.objectContaining({ id: RUN, run: RUN, tags: ['good'], expected: { text: 'because' } })],
      },
    ]);
    await add({ runs: [RUN], expected: { text: 'better' }, begin: true });
    expect(added[1]).toMatchObject({ mayBegin: true, examples: [{ expected: { text: 'better' } }] });
    await add({ runs: [RUN, RUN] });
    expect(added[2]?.examples).toEqual([expect.not.objectContaining({ expected: expect.anything() })]);
  });

  test('are refused where nothing could be accepted, nothing is left, or nothing is known', async () => {
    run.state = 'failed';
    expect(await add({ runs: [RUN], accept: true })).toMatchObject({ status: 409, body: { code: 'run_unaccepted' } });
    run.contentRemovedAt = AT;
    expect(await add({ runs: [RUN] })).toMatchObject({ status: 409, body: { code: 'content_removed' } });
    expect(await add({ runs: [OTHER] })).toMatchObject({ status: 404, body: { code: 'run_unknown' } });
    const both = await add({ runs: [RUN], accept: true, expected: {} });
    expect([both.status, (await add({ runs: [] })).status]).toEqual([422, 422]);
    expect(added).toEqual([]);
  });

  test('take a key that may operate', async () => {
    expect((await add({ runs: [RUN] }, 'read')).status).toBe(403);
  });
});

describe('a backtest of one run', () => {
  const PATH = `/v1/runs/${RUN}/backtests`;

  test('is of the variant, from the node on, for as much as it may cost', async () => {
    const { status, body } = await asked('operate', 'POST', PATH, { variant: 'narrow', from: 'ranked', limitUsd: 2 });
    expect([status, body.rerunId, body.result]).toEqual([202, 'backtest-docs-bot-1', null]);
    expect(started).toEqual([
      {
        ...{ budgetUsd: 2, of: { runIds: [RUN] }, plan: narrow.plan, startedBy: 'key:desk' },
        spec: expect.objectContaining({ kind: 'backtest', variant: 'narrow', from: 'ranked', edits: narrow.edits }),
      },
    ]);
  });

  test('without a variant it is what the code has; without either there is nothing to do', async () => {
    await asked('operate', 'POST', PATH, { from: 'ranked' });
    expect(started[0]).toMatchObject({ plan: docsBot.plan, spec: { variant: 'baseline', edits: [] } });
    expect((await asked('operate', 'POST', PATH, {})).status).toBe(422);
  });

  test('of a variant that is not there is refused, with the nearest; so is a key that may only read', async () => {
    const { status, body } = await asked('operate', 'POST', PATH, { variant: 'narow' });
    expect([status, body.code, body.remedy]).toEqual([404, 'variant_unknown', expect.stringContaining('narrow')]);
    expect((await asked('read', 'POST', PATH, { from: 'ranked' })).status).toBe(403);
    expect(started).toEqual([]);
  });

  test('is shown by its whole id', async () => {
    const shown = await asked('read', 'GET', `${PATH}/backtest-docs-bot-1`);
    expect([shown.status, shown.body.temporalUrl]).toEqual([200, 'http://temporal/backtest-docs-bot-1']);
    const other = await asked('read', 'GET', `${PATH}/backtest-docs`);
    expect([other.status, other.body.code]).toEqual([404, 'rerun_unknown']);
  });
});
