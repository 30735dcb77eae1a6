/** An evaluation of two variants over the embedded database, with a judge, people and pairs; asked by the API and by commands. */
import { z } from 'zod';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { defineHumanScorer } from '../../src/index.ts';
import type { Cell, ResultRow } from '../../src/model/evaluation-result.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { NO_RULES } from '../../src/redaction/rules.ts';
import type { Scope } from '../../src/store/api-keys.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { type Ran, run as runCommand } from '../cli/fakes.ts';
import { CORRECT, JUDGE, subjectOf } from '../evaluation/calibration/make.ts';
import { done, pinsOf, rowOf, specOf } from '../evaluation/compare/make.ts';
import { small } from '../evaluation/small-evaluation.ts';
import { startPglite } from '../support/postgres.ts';

const EXAMPLES = 6;
/** Examples of which both variants answer the same. */
const SAME = 2;
export const EVALUATION = 'eval-before-release-1f2e3d4c';

const helpful = defineHumanScorer(
  'helpful',
  { pipeline: small },
  {
    question: 'Is it of help?',
    fields: z.object({
      solved: z.boolean().describe('Whether nothing is left to ask'),
      clarity: z.int().min(1).max(5),
      tone: z.enum(['warm', 'cold']),
    }),
  },
  ({ output }) => ({ answer: output.text }),
);
const preferred: ScorerSpec = {
  ...JUDGE,
  ...{ id: 'preferred', kind: 'pair', fields: { win: { better: 'higher', format: 'share', worst: 0, best: 1 } } },
};

/** Of the judge of pairs: with the baseline first, and with the variant. */
export const REASONS = { forth: 'the second cites', back: 'the first cites' };

const idOf = (example: number): string => `e${String(example).padStart(3, '0')}`;
const examples = Array.from({ length: EXAMPLES }, (_, example) => ({
  ...{ id: idOf(example), input: { text: `What of ${example}?` }, expected: { text: `${example}` } },
  ...(example === 3 && { tags: ['final'] }),
}));
const waiting = { state: 'missing', reason: 'not labelled yet', resumable: false } as const;
const rows = examples.flatMap((_, example) =>
  [0, 1].map((variant): ResultRow => {
    const answer = example < SAME ? 'the same' : `answer ${example} of ${variant}`;
    const cells: { [scorer: string]: Cell } = {
      judged: {
        ...done({ correct: 1, score: 1 }),
        subject: subjectOf(example, variant),
        detail: { reason: 'r' },
      } as Cell,
      helpful: { ...waiting, subject: subjectOf(example, variant, 'b') },
      preferred:
        variant === 0
          ? { state: 'missing', reason: 'the baseline', resumable: false }
          : ({ ...done({ win: 1 }), subject: subjectOf(example, 1, 'c'), detail: REASONS } as Cell),
    };
    return rowOf(example, variant, { output: { text: answer }, cells });
  }),
);

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what came is what the tests look at
  readonly body: any;
}

export interface ReviewWorld {
  readonly store: Store;
  /** By the key of that name, which has these scopes. */
  as(name: string, ...scopes: Scope[]): (method: string, path: string, body?: object) => Promise<Answered>;
  /** `sluice review …`, or another command. */
  sluice(...line: readonly string[]): Promise<Ran>;
  stop(): Promise<void>;
}

export async function openReviews(): Promise<ReviewWorld> {
  const embedded = await startPglite();
  const database: Database = openDatabase(embedded.url);
  const store = createStore(database);
  const { version } = await store.datasets.put('questions', examples, 'questions.jsonl');
  const spec = specOf({ metrics: [CORRECT], scorers: [JUDGE, preferred, helpful.spec], change: { pipeline: 'small' } });
  const dataset = { ...spec.dataset, version: version.version, split: null, examples: EXAMPLES };
  await store.evaluations.create({
    ...{ evaluationId: EVALUATION, spec: { ...spec, dataset }, budgetUsd: null, startedBy: 'mo' },
  });
  await store.evaluations.pin(EVALUATION, pinsOf(spec));
  await store.evaluations.putResults(EVALUATION, rows);
  await store.evaluations.setState(EVALUATION, 'completed');
  const keys = new Map<string, unknown>();
  const app = createApp({
    runtime: {
      store: { ...store, apiKeys: { find: async (id: string) => keys.get(id) } },
      ...{ client: {}, connection: {}, streams: {}, temporal: {} },
    } as unknown as ServerDependencies['runtime'],
    pipelines: new Map(),
    scorersOf: (pipeline) => (pipeline === 'small' ? [helpful] : []),
    rowSchemas: new Map([['strict', { expected: z.object({ answer: z.string() }) }]]),
    redaction: createRedaction({ ...NO_RULES, patterns: ['email'] }),
    limits: { bodyBytes: 100_000, requestsPerSecond: 10_000, refusedPerMinute: 3, runsAtOnce: 1, waitMs: 1 },
    ...{ version: '1.2.3', log: () => undefined },
  });
  return {
    store,
    as(name, ...scopes) {
      const { key, keyId, secret } = makeApiKey();
      keys.set(keyId, {
        ...{ keyId, name, secretHash: hashSecret(secret), scopes, owner: name, createdAt: 0, createdBy: 'mo' },
        ...{ expiresAt: null, revokedAt: null, isExpired: false },
      });
      return async (method, path, body) => {
        const response = await app.request(`/v1/reviews${path}`, {
          method,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, body: text === '' ? null : JSON.parse(text) };
      };
    },
    sluice: (...line) =>
      runCommand(line, {
        runtime: { store, stop: async () => undefined, urlOf: String, isUiServed: false },
        services: { evaluations: async () => new Map([['before-release', { scorers: [helpful] } as never]]) },
        environment: { USER: 'mo' },
      }),
    async stop() {
      await database.close();
      await embedded.stop();
    },
  };
}
