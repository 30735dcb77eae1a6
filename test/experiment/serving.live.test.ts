/** Requests through a deployed pipeline with experiments on it: real workflows, real activities, a real database. */
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { MakeImplementations } from '../../src/host/runtime.ts';
import { type AnyVariant, definePipeline, defineStep } from '../../src/index.ts';
import type { ExperimentSpec, OnlineMetric } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import { type Live, startLive } from '../support/live.ts';

const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '10 seconds' } as const;
const plain = defineStep('plain', { version: 1, input: Text, output: Text, effect: 'none', policy });
const Marked = Text.extend({ length: z.number() });
const mark = defineStep('mark', {
  version: 1,
  input: Text,
  output: Marked,
  config: z.object({ mark: z.string().default('.'), fails: z.boolean().default(false) }),
  effect: 'read',
  policy,
});
const seen: string[] = [];
const implementations: MakeImplementations = () => [
  implement(plain, (input) => {
    if (input.text === 'break') throw new Error('broken before the edited node');
    return input;
  }),
  implement(mark, ({ text }, { config, runId }) => {
    seen.push(runId);
    if (config.fails) throw new Error('this arm fails');
    return { text: text + config.mark, length: text.length };
  }),
];

const marked = definePipeline('marked', Text.extend({ skip: z.boolean().default(false) }))
  .step('first', plain, ({ input }) => ({ text: input.text }))
  .step('second', mark, ({ first }) => ({ text: first.text }))
  .output(Marked, ({ second }) => ({ text: second.text, length: second.length }));
const loud = marked.variant('loud', (edit) => edit.configure('second', { mark: '!' }));
const failing = marked.variant('failing', (edit) => edit.configure('second', { fails: true }));

const metric = (name: string, source: OnlineMetric['source'], more: Partial<OnlineMetric> = {}): OnlineMetric => ({
  ...{ name, role: 'secondary', kind: 'mean', source, denominator: null, above: null, cap: null, quantile: null },
  ...{ better: 'lower', format: 'number', minimumEffect: null, margin: null, windowMs: 60_000, absent: 'missing' },
  ...more,
});

function specOf(name: string, variant: AnyVariant): ExperimentSpec {
  return {
    ...{ format: 1, name, pipeline: marked.id, assignVersion: 1, unit: null, unitName: 'user', target: null },
    ...{ layer: null, share: 1, overrides: { boss: variant.name }, scorers: [] },
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
      metric('node', { from: 'value', wiring: { $from: ['second', 'length'] } }),
      metric('failed', { from: 'run', field: 'failed' }, { kind: 'rate', format: 'share' }),
      metric('down', { from: 'feedback', field: 'down' }, { kind: 'rate', format: 'share', absent: 'zero' }),
    ],
    breaker: { ceiling: 0.1, windowMs: 900_000 },
    stop: {
      ...{ method: 'stage_cs', alpha: 0.05, alphaRollback: 0.05, alphaPromotion: 0.05, power: 0.8, minUnits: 50 },
      ...{ minDurationMs: 0, maxDurationMs: 86_400_000, lookEveryMs: 60_000, graceMs: 0 },
    },
    rollout: { steps: [1], soakMs: 0, unitsPerStep: 0, approval: 'auto' },
  };
}

let live: Live;
let temporal: Client;
beforeAll(async () => {
  live = await startLive(implementations);
  temporal = new Client({ connection: live.connection });
});
afterAll(() => live?.stop());

async function deploy(): Promise<void> {
  const { store } = live;
  await store.plans.put(planId(marked.plan), marked.plan);
  await store.deployments.deploy({
    ...{ pipeline: marked.id, planId: planId(marked.plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy' },
    ...{ by: 'test', why: 'to begin with', restaged: [], expected: await store.experiments.version(marked.id) },
  });
}

async function start(spec: ExperimentSpec): Promise<string> {
  const { experiments } = live.store;
  const settings = freezeSettings(spec, { nStar: 5_000, vRefs: spec.metrics.map(() => 1) });
  const { experimentId } = await experiments.start({
    ...{ name: spec.name, pipeline: spec.pipeline, kind: 'experiment', spec, settings, by: 'test', why: 'to see' },
    ...{ facts: { snapshots: {} }, expected: await experiments.version(spec.pipeline) },
  });
  // Until this one is served, and not an earlier one still.
  const served = async () => (await live.client.serve(marked, { text: '' }, { unit: 'boss' })).served.assignments;
  await expect.poll(async () => (await served()).some((each) => each.experiment === experimentId)).toBe(true);
  return experimentId;
}

async function lookAt(experimentId: string) {
  const { spec, startedAt } = await live.store.experiments.get(experimentId);
  const settings = { metrics: spec.metrics, failed: 2, breakerWindowMs: spec.breaker.windowMs, startedAt };
  return live.store.outcomes.look(experimentId, {
    ...{ ...settings, watermark: Date.now() + 3_600_000, fromStage: 1, stopped: [], arms: 2 },
  });
}

describe('what a pipeline serves', () => {
  it('is its definition in code until something is deployed', async () => {
    const served = await live.client.serve(marked, { text: 'a' }, { unit: 'ann' });
    expect(served).toMatchObject({ deployment: null, served: { assignments: [], unit: 'ann' } });
    expect(await live.client.ask(marked, { text: 'a' })).toMatchObject({ output: { text: 'a.' }, arms: {} });
  });

  it('is, once deployed, the arm of each unit, which the run, the workflow and its attributes say', async () => {
    await deploy();
    const experimentId = await start(specOf('loudness', loud));
    const units = Array.from({ length: 24 }, (_, index) => `user-${index}`);
    const runs = await Promise.all(units.map((unit) => live.client.ask(marked, { text: 'hi' }, { unit })));
    const again = await Promise.all(units.map((unit) => live.client.ask(marked, { text: 'hi' }, { unit })));
    expect(again.map(({ arms }) => arms)).toEqual(runs.map(({ arms }) => arms));
    for (const { arms, output } of runs)
      expect(output).toMatchObject({ text: arms[experimentId] === 'loud' ? 'hi!' : 'hi.' });
    const inLoud = runs.filter(({ arms }) => arms[experimentId] === 'loud');
    expect(inLoud.length).toBeGreaterThan(3);
    expect(inLoud.length).toBeLessThan(21);

    const described = await temporal.workflow.getHandle(inLoud[0]!.runId).describe();
    expect(described.searchAttributes).toMatchObject({
      SluiceExperiments: [experimentId],
      SluiceArms: [`${experimentId}:loud`],
      SluiceUnit: [expect.stringMatching(/^[0-9a-f]{16}$/)],
    });
    expect(described.memo).toMatchObject({ experiments: [{ experiment: experimentId, arm: 'loud', stage: 1 }] });

    await live.client.ask(marked, { text: 'hi' }, { unit: 'boss' });
    const thumb = { thumb: 'down' } as const;
    await live.client.feedback(inLoud[0]!.runId, thumb);
    await live.client.feedback(inLoud[0]!.runId, thumb);
    const data = await lookAt(experimentId);
    expect(data.exposed.map(({ n }) => n)).toEqual([24 - inLoud.length, inLoud.length]);
    expect(data.counts).toMatchObject({ overridden: 1, twoArms: 0, late: 0 });
    const cell = (metric: number, arm: number) => data.cells.find((each) => each.metric === metric && each.arm === arm);
    expect(cell(0, 1)).toMatchObject({ n: inLoud.length, v: `${inLoud.length * 2_000_000}` });
    expect(cell(1, 1)).toMatchObject({ n: inLoud.length, v: `${inLoud.length * 2_000_000}` });
    expect(cell(2, 0)).toMatchObject({ n: 24 - inLoud.length, v: '0' });
    expect(cell(3, 1)).toMatchObject({ n: 1, v: '1000000' });
    await live.store.experiments.move(experimentId, { to: 'aborted', from: ['running'], by: 'test', reason: 'enough' });
  });

  it('exposes nobody who does not come to an edited node, and whoever does, also where the arm fails', async () => {
    const experimentId = await start(specOf('failing', failing));
    const units = Array.from({ length: 16 }, (_, index) => `other-${index}`);
    const broken = await Promise.all(units.map((unit) => live.client.ask(marked, { text: 'break' }, { unit })));
    expect(broken.every(({ outcome }) => outcome === 'failed')).toBe(true);
    expect((await lookAt(experimentId)).exposed).toEqual([]);
    seen.length = 0;
    const runs = await Promise.all(units.map((unit) => live.client.ask(marked, { text: 'hi' }, { unit })));
    expect(new Set(seen)).toEqual(new Set(runs.map(({ runId }) => runId)));
    const { exposed, breaker } = await lookAt(experimentId);
    const failed = runs.filter(({ outcome }) => outcome === 'failed');
    expect(failed.every(({ arms }) => arms[experimentId] === 'failing')).toBe(true);
    expect(exposed.map(({ n }) => n)).toEqual([16 - failed.length, failed.length]);
    expect(breaker).toContainEqual({ arm: 1, window: 1, requests: expect.any(Number), failures: expect.any(Number) });
    await live.store.experiments.move(experimentId, { to: 'aborted', from: ['running'], by: 'test', reason: 'enough' });
  });

  it('keeps what every node gave', async () => {
    const { runId } = await live.client.ask(marked, { text: 'kept' });
    expect(Object.fromEntries(await live.store.runs.outputs(runId))).toEqual({
      first: { text: 'kept' },
      second: { text: 'kept.', length: 4 },
    });
  });
});
