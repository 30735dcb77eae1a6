/**
 * A deployed pipeline with an experiment in code, over the embedded database: what `sluice experiment` and `sluice rollout` are
 * tested with. The client is the real one; the Temporal server is a list of what it was told, and looks are taken by hand.
 */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { createExperimentClient } from '../../src/client/experiment-client.ts';
import type { AnyExperiment } from '../../src/dsl/experiment.ts';
import { actOnLook, takeAnalysis } from '../../src/experiment/take-analysis.ts';
import { defineExperiment, definePipeline, defineStep, metric } from '../../src/index.ts';
import { planId } from '../../src/plan/id.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { type Fed, feed } from '../experiment/clock-world.ts';
import { startPglite } from '../support/postgres.ts';
import { type FakeWorld, fakeRuntime, nothingRunning, run as runCommand } from './fakes.ts';

const Asked = z.object({ question: z.string() });
const Text = z.object({ text: z.string() });
const write = defineStep('write', {
  version: 1,
  input: Asked,
  output: Text,
  config: z.object({ mark: z.string().default('.'), tone: z.string().default('plain') }),
  effect: 'read',
  policy: { attempts: 1, timeout: '5 seconds' },
});
export const bot = definePipeline('bot', Asked)
  .step('draft', write, ({ input }) => ({ question: input.question }))
  .output(Text, ({ draft }) => ({ text: draft.text }));
const loud = bot.variant('loud', (edit) => edit.configure('draft', { mark: '!' }));

/** Decided by thumbs, watched by failures: the first two metrics, as `feed` has them. */
export const definedAs = (
  id: string,
  {
    maxDuration = '28 days',
    lookEvery = '15 minutes',
    effect = 0.1,
  }: {
    readonly maxDuration?: '28 days' | '1 day';
    readonly lookEvery?: '15 minutes' | '1 second';
    readonly effect?: number;
  } = {},
) =>
  defineExperiment(id, {
    pipeline: bot,
    variants: [loud],
    traffic: { share: 0.5, weights: { baseline: 0.5, loud: 0.5 } },
    metrics: ({ run, feedback }) => ({
      primary: [metric.rate('thumbs-up', feedback.up).increase({ minimumEffect: effect })],
      guardrails: [metric.rate('failed', run.failed).noWorseThan(0.3)],
    }),
    windows: { run: '1 ms', feedback: '1 ms' },
    stop: { minDuration: '0 ms', maxDuration, lookEvery, grace: '0 ms' },
  });

export interface ExperimentWorld {
  readonly store: Store;
  /** What Temporal was told: `start experiment-tone`, `wake experiment-tone`. */
  readonly told: string[];
  readonly defined: Map<string, AnyExperiment>;
  /** A command line; quoted parts are one word. */
  run(line: string, more?: FakeWorld & { readonly isServed?: boolean }): ReturnType<typeof runCommand>;
  /** Default: the pipeline as it is in the code. */
  deploy(holdOut?: number, plan?: Plan): Promise<void>;
  /** Units that meet their arm, and what came of them; then a look, and what it decides. */
  look(experimentId: string, fed?: Fed): Promise<void>;
  /** A run that has ended, so long ago. */
  ran(run: RanRun): Promise<void>;
  stop(): Promise<void>;
}

export interface RanRun {
  readonly runId: string;
  readonly unit: string | null;
  readonly daysAgo: number;
  readonly failed?: boolean;
  readonly input?: Json;
  readonly output?: Json;
  readonly thumb?: 1 | -1;
}

const DAY_MS = 86_400_000;

export async function openWorld(): Promise<ExperimentWorld> {
  const embedded = await startPglite();
  const database: Database = openDatabase(embedded.url);
  const store = createStore(database);
  const told: string[] = [];
  const client = createExperimentClient({
    ...{ temporal: listening(told), store, queues: { control: 'control', eval: 'eval' } },
    check: async () => undefined,
  });
  const defined = new Map<string, AnyExperiment>();
  const world: ExperimentWorld = {
    ...{ store, told, defined },
    async run(line, { isServed = true, ...more } = {}) {
      const { runtime } = fakeRuntime({ store, client: { ...client, urlOf: (id: string) => `ui/${id}` } });
      const words = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
      return runCommand(words, {
        runtime,
        services: {
          experiments: async () => defined,
          pipelines: async () => new Map([[bot.id, bot] as const, [`${bot.id}:${loud.name}`, loud] as const]),
          ...(!isServed && { connect: () => Promise.reject(nothingRunning()) }),
        },
        environment: { USER: 'mo' },
        ...more,
      });
    },
    async deploy(holdOut = 0, plan = bot.plan) {
      await store.plans.put(planId(plan), plan);
      await store.deployments.deploy({
        ...{ pipeline: bot.id, planId: planId(plan), variant: null, promoted: [], holdOut, kind: 'deploy' },
        ...{ by: 'mo', why: 'to begin with', restaged: [], expected: await store.experiments.version(bot.id) },
      });
    },
    async look(experimentId, fed) {
      const row = await store.experiments.get(experimentId);
      if (fed !== undefined) await feed(store, row, fed);
      const fedAt = Date.now();
      const last = await store.ledger.lastLook(experimentId);
      const phase = row.state === 'rolling' ? 'rollout' : 'experiment';
      // When all that was fed is mature, and before anything that is fed next.
      const now = () => Math.max(Date.now(), fedAt + 2);
      const request = { experimentId, lookNo: (last?.lookNo ?? 0) + 1, phase } as const;
      const outcome = await takeAnalysis({ store, now, version: '1.0.0' }, request);
      await actOnLook(store.experiments, { experimentId, ...outcome });
    },
    ran: (given) => ran(database, given),
    async stop() {
      await database.close();
      await embedded.stop();
    },
  };
  return world;
}

/** Its times are those of the run. */
async function ran(database: Database, given: RanRun): Promise<void> {
  const { runId, unit, daysAgo, failed = false, input = { question: runId }, output = { text: 'yes' }, thumb } = given;
  const at = Date.now() - daysAgo * DAY_MS;
  const { runs, feedback } = createStore(database, { clock: () => at });
  await runs.begin({ ...{ runId, pipeline: bot.id, planId: 'p', arms: {}, unit, input }, idempotencyKey: null });
  const outcome = failed ? ({ outcome: 'failed', output: null } as const) : ({ outcome: 'completed', output } as const);
  await runs.complete(runId, { ...outcome, error: null, finishedAt: at, nodes: [] });
  if (thumb !== undefined)
    await feedback.add({
      ...{ feedbackId: `of-${runId}`, runId, thumb, score: null, note: null, emoji: null, fields: null, by: null },
      ...{ isSimulated: false, at },
    });
}

/** As much of a Temporal client as those need who tell it something. */
function listening(told: string[]): Client {
  const handleOf = (id: string) => ({
    signal: async () => void told.push(`wake ${id}`),
    executeUpdate: async (_: string, { args }: { readonly args: readonly [{ readonly action: string }] }) =>
      void told.push(`${args[0].action} ${id}`),
  });
  const client = {
    workflow: {
      signalWithStart: async (_: string, { workflowId }: { readonly workflowId: string }) =>
        void told.push(`start ${workflowId}`),
      getHandle: handleOf,
    },
    withDeadline: (_: number, say: () => Promise<unknown>) => say(),
  };
  return client as unknown as Client;
}
