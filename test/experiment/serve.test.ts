import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileServing } from '../../src/experiment/serve.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { ExperimentSpec, SpecArm } from '../../src/model/experiment-spec.ts';
import { planId } from '../../src/plan/id.ts';
import type { ExperimentRow, Serving } from '../../src/store/experiments.ts';

const Text = z.object({ text: z.string() });
const echo = defineStep('echo', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ mark: z.string().default('') }),
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const pipeline = definePipeline('echoes', Text.extend({ user: z.string().optional(), vip: z.boolean().optional() }))
  .step('first', echo, ({ input }) => ({ text: input.text }))
  .step('second', echo, ({ first }) => ({ text: first.text }))
  .output(Text, ({ second }) => ({ text: second.text }));
const loud = pipeline.variant('loud', (edit) => edit.configure('first', { mark: '!' }));
const sad = pipeline.variant('sad', (edit) => edit.configure('second', { mark: '?' }));

const BASE = pipeline.plan;
const half = (variant: typeof loud | typeof sad): readonly SpecArm[] => [
  { name: 'baseline', weight: 0.5, edits: [] },
  { name: variant.name, weight: 0.5, edits: variant.edits },
];

function row(
  experimentId: string,
  arms: readonly SpecArm[],
  more: Partial<ExperimentRow> = {},
  spec: Partial<ExperimentSpec> = {},
): ExperimentRow {
  const whole = { unit: null, target: null, layer: null, share: 1, arms, overrides: {}, ...spec };
  return {
    ...{ experimentId, name: experimentId, pipeline: 'echoes', kind: 'experiment', state: 'running', reason: null },
    ...{ range: [0, 1], stopped: [], winner: null, ramp: 0, stage: 1, rolloutStage: null, watermark: null },
    spec: whole as unknown as ExperimentSpec,
    ...more,
  } as ExperimentRow;
}

const serving = (experiments: readonly ExperimentRow[], holdOut = 0): Serving => ({
  version: 1,
  deployment: { pipeline: 'echoes', holdOut } as Serving['deployment'],
  experiments,
});
const units = Array.from({ length: 400 }, (_, index) => `user-${index}`);
const ask = (unit: string | null, input = {}) => ({ input: { text: 'hello', ...input }, unit });

describe('what a request gets', () => {
  it('is the deployed plan, the same object, for whoever is in no experiment', () => {
    const serve = compileServing(serving([row('a', half(loud))]), BASE);
    expect(serve(ask(null))).toMatchObject({ assignments: [], ramped: [], unit: null });
    expect(serve(ask(null)).plan).toBe(BASE);
  });

  it('is an arm of each experiment, composed to one plan per combination', () => {
    const serve = compileServing(serving([row('a', half(loud)), row('b', half(sad))]), BASE);
    const served = units.map((unit) => serve(ask(unit)));
    const combinations = new Set(served.map(({ assignments }) => assignments.map(({ arm }) => arm).join('+')));
    expect(combinations).toEqual(new Set(['baseline+baseline', 'loud+baseline', 'baseline+sad', 'loud+sad']));
    expect(new Set(served.map(({ plan }) => plan)).size).toBe(4);
    const both = served.find(({ assignments }) => assignments.every(({ arm }) => arm !== 'baseline'))!;
    const composed = loud.variant('both', (edit) => edit.include(sad));
    expect(planId(both.plan)).toBe(planId(composed.plan));
    expect(both.assignments).toMatchObject([
      { experiment: 'a', arm: 'loud', armIndex: 1, probability: 0.5, stage: 1, nodes: ['first'], isOverride: false },
      { experiment: 'b', arm: 'sad', nodes: ['second'] },
    ]);
  });

  it('reads unit and target off the input where the experiment says so', () => {
    const spec = { unit: { $from: ['input', 'user'] as const }, target: { $from: ['input', 'vip'] as const } };
    const serve = compileServing(serving([row('a', half(loud), {}, spec)]), BASE);
    const given = serve(ask('caller', { user: 'ann', vip: true }));
    expect(given.assignments).toMatchObject([{ unit: 'ann' }]);
    expect(given.unit).toBe('caller');
    for (const input of [{ user: 'ann' }, { user: 'ann', vip: false }, { vip: true }, { user: '', vip: true }])
      expect(serve(ask('caller', input)).assignments).toEqual([]);
  });

  it('refuses a unit that is none', () => {
    const serve = compileServing(serving([]), BASE);
    expect(() => serve(ask('x'.repeat(10_000)))).toThrow(expect.objectContaining({ code: 'unit_invalid' }));
  });

  it('is the baseline for units that are held out, while it is paused, and for arms that were stopped', () => {
    const held = compileServing(serving([row('a', half(loud))], 0.5), BASE);
    const inSome = units.filter((unit) => held(ask(unit)).assignments.length > 0);
    expect(inSome.length).toBeGreaterThan(100);
    expect(inSome.length).toBeLessThan(300);
    const paused = compileServing(serving([row('a', half(loud), { state: 'paused' })]), BASE);
    expect(units.every((unit) => paused(ask(unit)).plan === BASE)).toBe(true);
    const stopped = compileServing(serving([row('a', half(loud), { stopped: ['loud'] })]), BASE);
    const after = units.map((unit) => stopped(ask(unit)));
    expect(after.every(({ plan }) => plan === BASE)).toBe(true);
    expect(new Set(after.map(({ assignments }) => assignments.map(({ arm }) => arm).join()))).toEqual(
      new Set(['', 'baseline']),
    );
  });

  it('gives units an arm by name, and says so', () => {
    const serve = compileServing(
      serving([row('a', half(loud), { range: [0, 0.01] }, { overrides: { ann: 'loud' } })]),
      BASE,
    );
    expect(serve(ask('ann')).assignments).toMatchObject([{ arm: 'loud', isOverride: true }]);
  });

  it('ramps a winner outside its share, and never moves who is in it', () => {
    const at = (ramp: number) =>
      compileServing(
        serving([row('a', half(loud), { state: 'rolling', winner: 'loud', ramp, range: [0, 0.3] })]),
        BASE,
      );
    const before = units.map((unit) => at(0)(ask(unit)));
    let ramped = new Set<string>();
    for (const ramp of [0.1, 0.25, 0.5, 1]) {
      const served = units.map((unit) => at(ramp)(ask(unit)));
      expect(served.map(({ assignments }) => assignments)).toEqual(before.map(({ assignments }) => assignments));
      const now = new Set(units.filter((_, index) => served[index]!.ramped.length > 0));
      expect([...ramped].every((unit) => now.has(unit))).toBe(true);
      expect(now.size).toBeGreaterThan(ramped.size);
      ramped = now;
    }
    const outside = before.filter(({ assignments }) => assignments.length === 0).length;
    expect(ramped.size).toBe(outside);
  });

  it('does not ramp into a test of the same node', () => {
    const rolling = row(
      'a',
      half(loud),
      { state: 'rolling', winner: 'loud', ramp: 1, range: [0, 0.5] },
      { layer: 'l' },
    );
    const other = row('b', half(loud), { range: [0.5, 1] }, { layer: 'l' });
    const serve = compileServing(serving([rolling, other]), BASE);
    for (const unit of units) {
      const { assignments, ramped } = serve(ask(unit));
      expect(assignments).toHaveLength(1);
      expect(ramped).toEqual([]);
    }
  });

  it('is one of two winners of one node where both are ramped to everybody: that of the first', () => {
    const rolling = { state: 'rolling', winner: 'loud', ramp: 1 } as const;
    const [a, b] = [row('a', half(loud), { ...rolling, range: [0, 0.1] }, { layer: 'l' }), row('b', half(loud))];
    const second = { ...b, ...rolling, range: [0.1, 0.2] as const, spec: { ...b.spec, layer: 'l' } };
    const served = units.map((unit) => compileServing(serving([a, second]), BASE)(ask(unit)));
    const outside = served.filter(({ assignments }) => assignments.length === 0);
    expect(outside.length).toBeGreaterThan(250);
    expect(outside.every(({ ramped }) => ramped.join() === 'a')).toBe(true);
  });

  it('is the arm by name where the hash has put the unit into another experiment of the layer', () => {
    const other = row('a', half(loud), { range: [0, 0.5] }, { layer: 'l' });
    const overrides = Object.fromEntries(units.map((unit) => [unit, 'loud']));
    const named = row('b', half(loud), { range: [0.5, 1] }, { layer: 'l', overrides });
    const serve = compileServing(serving([other, named]), BASE);
    for (const unit of units)
      expect(serve(ask(unit)).assignments).toMatchObject([{ experiment: 'b', arm: 'loud', isOverride: true }]);
  });
});
