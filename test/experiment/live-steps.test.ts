import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type LiveInput, liveSteps, liveWords } from '../../src/experiment/live-steps.ts';
import type { SpecArm } from '../../src/experiment/spec.ts';
import { definePipeline, defineStep } from '../../src/index.ts';

const Text = z.object({ text: z.string() });
const settings = { input: Text, output: Text, policy: { attempts: 1, timeout: '1 second' } } as const;
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
  ...{ experimentId: 'louder', kind: 'experiment', state: 'running', spec: { arms } as unknown as Row['spec'] },
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

  it('says which experiments the deployed one was won by', () => {
    const promoted = [{ experiment: 'before', edits: marked.edits }];
    expect(live([], { promoted })[1]).toEqual(['second', 'echo@1', 'deployment 3, won by before', 1]);
  });
});
