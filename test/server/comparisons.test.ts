/** Evaluations and comparisons over the API, asked of an app without servers. */
import { beforeAll, describe, expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import { makeRows } from '../evaluation/report/make-rows.ts';
import { LIMITS } from './api-support.ts';

const { facts, rows } = makeRows({ examples: 40, variants: 3, missingShare: 0.1 });
const ID = facts.evaluationId;
const PROGRESS = {
  ...{ total: rows.length, done: rows.length, resumable: 2, cells: { done: 1, failed: 0, missing: 2 } },
  ...{ calls: { made: 3, shared: 1 }, paidUsd: null, unknownCalls: 0, savedUsd: null },
};
const evaluation = {
  ...{ evaluationId: ID, name: facts.name, spec: facts.spec, pins: facts.pins, state: 'completed', error: null },
  ...{ budgetUsd: null, startedBy: 'ada', createdAt: 1, finishedAt: 2 },
};
let app: App;
let reader: string;
let asker: string;
let timesRead = 0;

beforeAll(() => {
  const keys = new Map<string, object>();
  const store = {
    apiKeys: { find: async (keyId: string) => keys.get(keyId) },
    evaluations: {
      get: async (id: string) => {
        if (id === ID) return evaluation;
        throw new SluiceError('evaluation_unknown', { message: `there is no evaluation '${id}'`, remedy: 'another' });
      },
      list: async ({ name }: { name?: string }) => (name === undefined || name === facts.name ? [evaluation] : []),
      progress: async () => PROGRESS,
      registration: async () => undefined,
      fingerprint: async () => 'as it was',
      countComparisons: async () => 1,
      nextComparisonCount: async () => 1,
      labels: async () => [],
      scored: async () => [],
      results: async (_: string, ids: readonly string[]) => rows.filter(({ exampleId }) => ids.includes(exampleId)),
      eachResult: async function* () {
        timesRead += 1;
        yield* rows;
      },
    },
    memo: { read: async () => new Map(), spending: async () => [] },
    datasets: {
      countExamples: async () => 0,
      eachMember: async function* () {
        for (const { id, hash, tags } of facts.examples)
          yield { hash, example: { id, tags, input: { question: `What of ${id}?` } } };
      },
    },
  };
  const client = { urlOf: (id: string) => `http://temporal/${id}` };
  const runtime = { store, client, connection: {}, streams: {}, temporal: {} };
  app = createApp({
    ...{ runtime: runtime as unknown as ServerDependencies['runtime'], pipelines: new Map(), limits: LIMITS },
    ...{ version: '0.0.0', log: () => undefined },
  });
  const keyOf = (scopes: readonly Scope[]): string => {
    const { key, keyId, secret } = makeApiKey();
    const row = { keyId, name: 'desk', owner: 'app', scopes, secretHash: hashSecret(secret) };
    keys.set(keyId, { ...row, createdAt: 1, createdBy: 'ada', expiresAt: null, revokedAt: null });
    return key;
  };
  [reader, asker] = [keyOf(['read']), keyOf(['ask'])];
});

async function ask(path: string, key = reader, method = 'GET') {
  const response = await app.request(path, { method, headers: { authorization: `Bearer ${key}` } });
  const body = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: what came is what the tests look at
  return { status: response.status, body: (body === '' ? null : JSON.parse(body)) as any };
}

describe('evaluations', () => {
  test('are listed with how far they came, for keys that may read', async () => {
    const { body } = await ask('/v1/evaluations');
    expect(body.evaluations).toHaveLength(1);
    expect(body.evaluations[0]).toMatchObject({ evaluationId: ID, state: 'completed', progress: { paidUsd: null } });
    expect((await ask('/v1/evaluations?name=other')).body.evaluations).toEqual([]);
    expect((await ask('/v1/evaluations', asker)).status).toBe(403);
  });

  test('one says why something is missing of it', async () => {
    const { body } = await ask(`/v1/evaluations/${ID}`);
    expect(body.temporalUrl).toBe(`http://temporal/${ID}`);
    expect(body.missing.length).toBeGreaterThan(0);
    expect((await ask('/v1/evaluations/eval-none')).status).toBe(404);
  });
});

describe('comparisons', () => {
  test('one that is made ahead is there when it is asked for', async () => {
    const ahead = (ids: string, key = reader) => ask(`/v1/comparisons/ahead?ids=${ids}`, key, 'POST');
    const before = timesRead;
    expect(await ahead(ID)).toEqual({ status: 204, body: null });
    expect((await ask(`/v1/comparisons?ids=${ID}`)).status).toBe(200);
    expect(timesRead - before).toBe(1);
    const refused = [await ahead(ID, asker), await ahead('eval-none'), await ahead('')];
    expect(refused.map(({ status }) => status)).toEqual([403, 404, 400]);
  });

  test('one evaluation is its variants against its baseline, with the examples in columns and no outputs', async () => {
    const { status, body } = await ask(`/v1/comparisons?ids=${ID}`);
    expect(status).toBe(200);
    expect(body.page.sides).toEqual(['baseline', 'hybrid', 'hybrid + rerank']);
    expect(body.page.ids).toHaveLength(40);
    expect(body.page.questions[0]).toMatch(/^What of /);
    expect(body.page.outputs).toEqual([]);
    expect(body.page.columns[1][1].values).toContain(null);
    expect(body.gate.sentences.length).toBeGreaterThan(0);
  });

  test('sides that are named stand in their order, the first as the baseline', async () => {
    const ids = encodeURIComponent(`${ID}:hybrid + rerank,${ID}:baseline`);
    expect((await ask(`/v1/comparisons?ids=${ids}`)).body.page.sides).toEqual(['hybrid + rerank', 'baseline']);
  });

  test('what was answered to one example is given by side', async () => {
    const example = facts.examples[3]!.id;
    const { body } = await ask(`/v1/comparisons/outputs?ids=${ID}&example=${example}`);
    expect(body.runs.map(({ side }: { side: number }) => side)).toEqual([0, 1, 2]);
    expect((await ask(`/v1/comparisons/outputs?ids=${ID}&example=none`)).body.runs).toEqual([]);
  });

  test('how each side came to it, too', async () => {
    const example = facts.examples[3]!.id;
    const { status, body } = await ask(`/v1/comparisons/traces?ids=${ID}&example=${example}`);
    expect(status).toBe(200);
    expect(body.runs).toHaveLength(3);
    expect(body.runs[0]).toMatchObject({ side: 0, repeat: 1, calls: [], callsLeftOut: 0, cited: [] });
    expect((await ask(`/v1/comparisons/traces?ids=${ID}`)).status).toBe(400);
    expect((await ask(`/v1/comparisons/traces?ids=${ID}&example=${example}`, asker)).status).toBe(403);
  });

  test('what cannot be compared is refused in words', async () => {
    const codeOf = async (ids: string) => (await ask(`/v1/comparisons?ids=${encodeURIComponent(ids)}`)).body.code;
    // Twelve references, each of which stands for two sides beside the baseline.
    const many = Array(12).fill(ID).join(',');
    for (const path of ['comparisons', 'comparisons/outputs', 'comparisons/traces'])
      expect(await ask(`/v1/${path}?ids=${many}&example=e`)).toMatchObject({
        ...{ status: 422, body: { code: 'sides_invalid', detail: '23 sides were given to compare' } },
      });
    expect(await codeOf('eval-none')).toBe('evaluation_unknown');
    expect(await codeOf(`${ID}:hybird`)).toBe('variant_unknown');
    expect(await codeOf(`${ID}:hybrid,${ID}:hybrid`)).toBe('sides_invalid');
    expect((await ask('/v1/comparisons?ids=,')).status).toBe(400);
  });
});

describe('leaderboards', () => {
  test('rank the variants on the dataset that most are on, with what a comparison takes', async () => {
    const { status, body } = await ask('/v1/leaderboards?metric=latency');
    expect(status).toBe(200);
    const { name, split } = facts.spec.dataset;
    expect(body).toMatchObject({ dataset: name, split, datasets: [{ name, evaluations: 1 }] });
    const { rows, columns, sortedBy, baseline } = body.board;
    expect([sortedBy, baseline]).toEqual(['latency', `${ID}:baseline`]);
    const place = columns.findIndex(({ metric }: { metric: string }) => metric === 'latency');
    const cells = rows.map((row: { cells: { rank: number; mean: number }[] }) => row.cells[place]);
    expect(cells.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2, 3]);
    // Less is better.
    expect(cells[0].mean).toBeLessThan(cells[2].mean);
    expect(cells[2]).toMatchObject({ apart: null, range: { to: 3 }, delta: expect.any(Number) });
  });

  test('what is not there is empty, or refused in words', async () => {
    const { body } = await ask('/v1/leaderboards?dataset=none');
    expect(body).toMatchObject({ dataset: 'none', split: null, board: { rows: [], baseline: null } });
    const codeOf = async (query: string) => (await ask(`/v1/leaderboards?${query}`)).body.code;
    expect(await codeOf('metric=nothing')).toBe('metric_unknown');
    expect(await codeOf('baseline=nobody')).toBe('variant_unknown');
    expect((await ask('/v1/leaderboards?limit=21')).status).toBe(400);
    expect((await ask('/v1/leaderboards', asker)).status).toBe(403);
  });
});
