/**
 * A variant that waits for a step that fails: through real workflows, to the decision of the experiment's own workflow, on
 * both databases.
 */
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { createExperimentClient } from '../../src/client/experiment-client.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { MakeImplementations } from '../../src/host/runtime.ts';
import { type AnyVariant, definePipeline, defineStep } from '../../src/index.ts';
import type { ExperimentSpec, OnlineMetric } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import { type Live, startLive } from '../support/live.ts';
import { noPostgres, startPostgres, type TestDatabase } from '../support/postgres.ts';

const Question = z.object({ text: z.string() });
const Found = z.object({ text: z.string(), length: z.number() });
const policy = { attempts: 1, timeout: '10 seconds' } as const;
const byWords = defineStep('by-words', { version: 1, input: Question, output: Question, effect: 'none', policy });
const byMeaning = defineStep('by-meaning', { version: 1, input: Question, output: Question, effect: 'none', policy });
const join = defineStep('join', {
  version: 1,
  input: z.object({ texts: z.array(z.string()) }),
  output: Found,
  effect: 'none',
  config: z.object({ mark: z.string().default('.') }),
  policy,
});

/** The shape of `search-online`: the baseline does not read `meaning`, which runs all the same. */
const search = definePipeline('search', Question)
  .step('words', byWords, ({ input }) => ({ text: input.text }))
  .step('meaning', byMeaning, ({ input }) => ({ text: input.text }))
  .step('joined', join, ({ words }) => ({ texts: [words.text] }))
  .output(Found, ({ joined }) => ({ text: joined.text, length: joined.length }));
const both = search.variant('both', (edit) =>
  edit.rewire('joined', ({ words, meaning }) => ({ texts: [words.text, meaning.text] })),
);

/** Of the questions of 100 users so many break the search by meaning, and so many both. */
const BREAK_MEANING = 40;
const BREAK_WORDS = 10;
const USERS = 160;
const AT_ONCE = 16;
const questionOf = (user: number): string => {
  if (user % 100 < BREAK_MEANING) return 'meaning-breaks';
  return user % 100 < BREAK_MEANING + BREAK_WORDS ? 'words-break' : 'fine';
};

const implementations: MakeImplementations = () => [
  implement(byWords, (input) => {
    if (input.text === 'words-break') throw new Error('nothing can be found by words');
    return input;
  }),
  implement(byMeaning, (input) => {
    if (input.text === 'meaning-breaks') throw new Error('nothing can be found by meaning');
    return input;
  }),
  implement(join, ({ texts }, { config }) => ({ text: texts.join(config.mark), length: texts.length })),
];

const WINDOW_MS = 10_000;
const metric = (name: string, source: OnlineMetric['source'], more: Partial<OnlineMetric>): OnlineMetric => ({
  ...{ name, role: 'secondary', kind: 'mean', source, denominator: null, above: null, cap: null, quantile: null },
  ...{ better: 'lower', format: 'number', minimumEffect: null, margin: null, windowMs: WINDOW_MS, absent: 'missing' },
  ...more,
});

/** Both databases are behind one Temporal server: names are no two experiments' there. */
function specOf(name: string, variant: AnyVariant): ExperimentSpec {
  return {
    ...{ format: 1, name, pipeline: search.id, assignVersion: 1, unit: null, unitName: 'user' },
    ...{ target: null, layer: null, share: 1, overrides: {}, scorers: [] },
    arms: [
      { name: 'baseline', weight: 0.5, edits: [] },
      { name: variant.name, weight: 0.5, edits: variant.edits },
    ],
    metrics: [
      metric(
        'length',
        { from: 'value', wiring: { $from: ['output', 'length'] } },
        { role: 'primary', better: 'higher' },
      ),
      metric(
        'failed',
        { from: 'run', field: 'failed' },
        { role: 'guardrail', kind: 'rate', format: 'share', margin: 0.01 },
      ),
    ],
    // Only what looks find is to decide.
    breaker: { ceiling: 0.9, windowMs: 900_000 },
    stop: {
      ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
      ...{ minDurationMs: 86_400_000, maxDurationMs: 864_000_000, lookEveryMs: 1_000, graceMs: 0 },
    },
    rollout: { steps: [1], soakMs: 0, unitsPerStep: 0, approval: 'auto' },
  };
}

const databases = [
  { name: 'PGlite', start: async () => undefined, skip: false },
  { name: 'PostgreSQL', start: () => startPostgres(), skip: noPostgres !== undefined },
];

describe.each(databases)('an experiment on $name', ({ name: on, start, skip }) => {
  let database: TestDatabase | undefined;
  let live: Live;
  beforeAll(async () => {
    if (skip) return;
    database = await start();
    live = await startLive(implementations, database && { DATABASE_URL: database.url });
    await live.store.plans.put(planId(search.plan), search.plan);
    await live.store.deployments.deploy({
      ...{ pipeline: search.id, planId: planId(search.plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy' },
      ...{ by: 'test', why: 'to begin with', restaged: [], expected: await live.store.experiments.version(search.id) },
    });
  });
  afterAll(async () => {
    await live?.stop();
    await database?.stop();
  });

  const clientOf = () =>
    createExperimentClient({
      ...{ temporal: new Client({ connection: live.connection }), store: live.store, queues: live.config.queues },
      ...{ looksPerHistory: 1_000, check: async () => undefined },
    });

  /** Runs of all users, recorded, and what a look says that has seen the windows of all of them, or that has ended it. */
  async function experimentOn(name: string, questions: (user: number) => string) {
    const spec = specOf(`${name}-${on}`, both);
    const settings = freezeSettings(spec, { nStar: 300, vRefs: [1, 1] });
    const row = await clientOf().startExperiment({ spec, settings, by: 'test', why: 'to see' });
    const served = async () => (await live.client.serve(search, { text: '' }, { unit: 'user-0' })).served.assignments;
    await expect
      .poll(async () => (await served()).some(({ experiment }) => experiment === row.experimentId))
      .toBe(true);
    const users = Array.from({ length: USERS }, (_, user) => user);
    for (let from = 0; from < USERS; from += AT_ONCE)
      await Promise.all(
        users
          .slice(from, from + AT_ONCE)
          .map((user) => live.client.ask(search, { text: questions(user) }, { unit: `user-${user}` })),
      );
    const asked = Date.now();
    const ended = async () => {
      const { state } = await live.store.experiments.get(row.experimentId);
      const watermark = (await newest(row))?.data.watermark ?? 0;
      return state !== 'running' || watermark > asked + WINDOW_MS;
    };
    await expect.poll(ended, { interval: 250 }).toBe(true);
    return row;
  }
  const newest = async ({ experimentId }: ExperimentRow) => (await clientOf().reportOf(experimentId)).look;

  it.skipIf(skip)('rolls a variant back that waits for a step that fails', async () => {
    const row = await experimentOn('harmful', questionOf);
    expect(await live.store.experiments.get(row.experimentId)).toMatchObject({
      state: 'rolled_back',
      reason: 'guardrail',
    });
  });

  it.skipIf(skip)('goes on where nothing is wrong', async () => {
    const row = await experimentOn('harmless', (user) => (questionOf(user) === 'words-break' ? 'words-break' : 'fine'));
    const look = (await newest(row))!;
    expect(look).toMatchObject({ decision: 'continue', stops: [] });
    // Whose words broke ended before anything could differ: assigned, and not exposed.
    const users = Array.from({ length: USERS }, (_, user) => user);
    const total = (of: 'n' | 'exposed') => look.data.assigned!.reduce((sum, count) => sum + count[of], 0);
    expect([total('n'), total('exposed')]).toEqual([
      USERS,
      USERS - users.filter((user) => questionOf(user) === 'words-break').length,
    ]);
    expect(await live.store.experiments.get(row.experimentId)).toMatchObject({ state: 'running', stopped: [] });
    await clientOf().steerExperiment(row.experimentId, { action: 'abort', by: 'test', why: 'enough' });
  });
});
