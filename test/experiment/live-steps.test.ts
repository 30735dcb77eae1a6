import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type LiveInput, liveSteps, liveWords, shareWords } from '../../src/experiment/live-steps.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { SpecArm } from '../../src/model/experiment-spec.ts';

const Text = z.object({ text: z.string() });
const settings = { input: Text, output: Text, effect: 'none', policy: { attempts: 1, timeout: '1 second' } } as const;
const echo = defineStep('echo', { ...settings, version: 1, config: z.object({ mark: z.string().default('') }) });
const shout = defineStep('shout', { ...settings, version: 2, config: z.object({ mark: z.string().default('') }) });
const pipeline = definePipeline('echoes', Text)
  .step('first', echo, ({ input }) => ({ text: input.text }))
  .step('second', echo, ({ first }) => ({ text: first.text }))
  .output(Text, ({ second }) => ({ text: second.text }));
const loud = pipeline.variant('loud', (edit) => edit.swap('first', shout));
const marked = pipeline.variant('marked', (edit) => edit.configure('second', { mark: '?' }));

const arms: readonly SpecArm[] = [
  { name: 'baseline', weight: 0.5, edits: [] },
  { name: 'loud', weight: 0.25, edits: loud.edits },
  { name: 'marked', weight: 0.25, edits: marked.edits },
];
type Row = LiveInput['experiments'][number];
const row = (more: Partial<Row> = {}): Row => ({
  ...{
    experimentId: 'louder',
    kind: 'experiment',
    state: 'running',
    spec: { arms, layer: null } as unknown as Row['spec'],
  },
  ...{ range: [0, 0.4], stopped: [], winner: null, ramp: 0, ...more },
});
const live = (experiments: readonly Row[], more: Partial<LiveInput> = {}) =>
  liveSteps({ plan: pipeline.plan, holdOut: 0, promoted: [], experiments, ...more }).map((step) => [
    step.node,
    step.step,
    liveWords(step, 3),
    Number(step.share.toFixed(6)),
  ]);

describe('liveSteps', () => {
  it('is what is deployed, for everybody, where nothing is tried', () => {
    expect(live([])).toEqual([
      ['first', 'echo@1', 'deployment 3', 1],
      ['second', 'echo@1', 'deployment 3', 1],
    ]);
    expect(live([row({ state: 'paused' })])).toEqual(live([]));
  });

  it('has the variants under test, with their shares of all units', () => {
    expect(live([row()], { holdOut: 0.5 })).toEqual([
      ['first', 'echo@1', 'deployment 3', 0.95],
      ['first', 'shout@2', 'loud of louder (experiment)', 0.05],
      ['second', 'echo@1', 'deployment 3', 0.95],
      ['second', 'echo@1', 'marked of louder (experiment)', 0.05],
    ]);
    expect(liveSteps({ plan: pipeline.plan, holdOut: 0, promoted: [], experiments: [row()] })[3]).toMatchObject({
      differs: ['config'],
      arm: 'marked',
    });
  });

  it('is the definition in code where nothing is deployed', () => {
    const [first] = liveSteps({ plan: pipeline.plan, holdOut: 0, promoted: [], experiments: [] });
    expect(liveWords(first!, null)).toBe('the definition in code');
  });

  it('leaves out a variant that was stopped', () => {
    expect(live([row({ stopped: ['loud'] })]).map(([node]) => node)).toEqual(['first', 'second', 'second']);
  });

  it('has the winner, outside the share, as far as it is rolled out', () => {
    expect(live([row({ state: 'rolling', winner: 'loud', ramp: 0.5 })]).slice(0, 3)).toEqual([
      ['first', 'echo@1', 'deployment 3', 0.6],
      ['first', 'shout@2', 'loud of louder (experiment)', 0.1],
      ['first', 'shout@2', 'loud of louder (rollout)', 0.3],
    ]);
  });

  describe('of two experiments on one node', () => {
    const halves = [arms[0]!, { ...arms[1]!, weight: 0.5 }];
    const specIn = (layer: string | null) => ({ arms: halves, layer }) as unknown as Row['spec'];
    const rolled = row({ range: [0, 0.2], state: 'rolling', winner: 'loud', ramp: 1, spec: specIn('tone') });
    const other = row({ experimentId: 'other', range: [0.2, 0.7], spec: specIn('tone') });
    const sharesOf = (experiments: readonly Row[], holdOut = 0) =>
      liveSteps({ plan: pipeline.plan, holdOut, promoted: [], experiments })
        .filter(({ node }) => node === 'first')
        .map((step) => [step.by, shareWords(step)]);

    it('a rollout leaves out whom another of the layer tests', () => {
      expect(sharesOf([rolled, other])).toEqual([
        ['deployment', '35 %'],
        ['experiment', '10 %'],
        ['rollout', '30 %'],
        ['experiment', '25 %'],
      ]);
      expect(sharesOf([rolled, other], 0.5)).toContainEqual(['rollout', '15 %']);
      expect(sharesOf([rolled, { ...other, state: 'paused' }])).toContainEqual(['rollout', '80 %']);
    });

    it('shares are bounds where no layer keeps them apart, or both are rolled out', () => {
      expect(sharesOf([row({ spec: specIn(null) }), { ...other, spec: specIn(null) }])).toEqual([
        ['deployment', 'at least 55 %'],
        ['experiment', 'at most 20 %'],
        ['experiment', 'at most 25 %'],
      ]);
      const both = sharesOf([rolled, { ...other, state: 'rolling', winner: 'loud', ramp: 0.5 }]);
      expect(both).toContainEqual(['experiment', '25 %']);
      expect(both).toContainEqual(['rollout', 'at most 15 %']);
    });
  });

  it('says which experiments the deployed one was won by', () => {
    const promoted = [{ experiment: 'before', edits: marked.edits }];
    expect(live([], { promoted })[1]).toEqual(['second', 'echo@1', 'deployment 3, won by before', 1]);
  });
});
