/** Who is exposed: never a matter of the arm. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { docsSearch, hybrid } from '../../pipelines/docs-search.ts';
import { compileExposure, type EndedNode } from '../../src/experiment/exposed.ts';
import { exposingNodes } from '../../src/experiment/restage.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import type { SpecArm } from '../../src/model/experiment-spec.ts';
import { composePlan } from '../../src/plan/compose.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { NodeOutcome, Plan } from '../../src/plan/plan.ts';
import { arbitraryWorld, runInArm, type World } from './exposed-worlds.ts';

const RUNS = 1_500;

async function decisionsOf({ base, arms, ...world }: World) {
  const runs = await Promise.all(arms.map((arm) => runInArm({ base, arms, ...world }, arm)));
  return runs.map((run) => ({ run, isExposed: compileExposure(run.plan, base, { arms })(run.nodes) }));
}

describe('semantics 44: exposure in random plans with random edits', () => {
  const seen = { exposed: 0, not: 0, failedBefore: 0, differedByReach: 0 };
  const worlds = fc.asyncProperty(arbitraryWorld, async (world) => {
    const decisions = await decisionsOf(world);
    expect(new Set(decisions.map(({ isExposed }) => isExposed)).size).toBe(1);
    const { isExposed, run } = decisions[0]!;
    seen[isExposed ? 'exposed' : 'not'] += 1;
    if (!isExposed && run.nodes.some(({ outcome }) => outcome === 'failed')) seen.failedBefore += 1;
    const nodes = exposingNodes(world.base, world);
    const isCalled = decisions.map(({ run: { called } }) => nodes.some((node) => called.has(node)));
    if (new Set(isCalled).size > 1) seen.differedByReach += 1;
    // A call takes the exposure with it: it is made before anybody knows how the run ends.
    if (isCalled.includes(true)) expect(isExposed).toBe(true);
  });

  test('is the same in every arm, whatever fails and whenever the run is cancelled', async () => {
    // The first seed found that a loop's limit counts only once its condition is known.
    for (const seed of [4711, 17]) await fc.assert(worlds, { numRuns: RUNS, seed });
    // The random worlds have both kinds of runs, and many that the arms reach unequally.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 100);
  });

  test('does not depend on the order of the arms', async () => {
    const reversed = fc.asyncProperty(arbitraryWorld, async ({ base, arms, cancelAt }) => {
      const world = { base, arms: [...arms].reverse(), cancelAt };
      const [one] = await decisionsOf({ base, arms, cancelAt });
      expect((await decisionsOf(world)).every(({ isExposed }) => isExposed === one!.isExposed)).toBe(true);
    });
    await fc.assert(reversed, { numRuns: 200, seed: 18 });
  });
});

/** How nodes ended, in order; a blocked or cancelled one with the node that is to blame. */
type Ends = { readonly [key: string]: NodeOutcome | readonly ['blocked' | 'cancelled', string] };

function endedNodes(plan: Plan, ends: Ends): readonly EndedNode[] {
  const ids = [...nodesOf(plan)].map(({ id }) => id);
  return Object.entries(ends).map(([key, end]) => {
    const node = ids.find((id) => key === id || key.startsWith(`${id}[`))!;
    const [outcome, culprit] = typeof end === 'string' ? [end, end === 'failed' ? node : undefined] : end;
    const call = outcome === 'completed' || outcome === 'failed' ? 'step' : null;
    return { key, node, outcome, call, error: culprit === undefined ? null : { node: culprit } };
  });
}

const armsOf = (variants: readonly Pick<SpecArm, 'name' | 'edits'>[]): readonly SpecArm[] =>
  [{ name: 'baseline', edits: [] }, ...variants].map(({ name, edits }, _, all) => ({
    ...{ name, edits, weight: 1 / all.length },
  }));

function isExposed(base: Plan, arms: readonly SpecArm[], arm: string, ends: Ends): boolean {
  const plan = composePlan(base, [arms.find(({ name }) => name === arm)!]);
  return compileExposure(plan, base, { arms })(endedNodes(plan, ends));
}

describe('exposure in search-online, where a variant waits for a search that the baseline does not read', () => {
  const narrow = hybrid.variant('hybrid-narrow', (edit) => edit.configure('ranked', { topN: 10 }));
  const arms = armsOf([hybrid, narrow]);
  const inArm = (arm: string, ends: Ends) => isExposed(docsSearch.plan, arms, arm, ends);
  const variants = ['hybrid', 'hybrid-narrow'];
  const done = { keyword: 'completed', fused: 'completed', ranked: 'completed' } as const;

  test('a run whose edited node is blocked by that search is exposed, as the baseline’s is', () => {
    expect(inArm('baseline', { vector: 'failed', ...done })).toBe(true);
    const blocked = ['blocked', 'vector'] as const;
    for (const arm of variants)
      expect(inArm(arm, { vector: 'failed', keyword: 'completed', fused: blocked, ranked: blocked })).toBe(true);
  });

  test('a run that failed in the search that all arms read is exposed in none', () => {
    const blocked = ['blocked', 'keyword'] as const;
    for (const arm of ['baseline', ...variants])
      expect(inArm(arm, { vector: 'completed', keyword: 'failed', fused: blocked, ranked: blocked })).toBe(false);
  });

  test('where both searches fail, the first of them decides in every arm', () => {
    const end = (culprit: string) => ({ fused: ['blocked', culprit], ranked: ['blocked', culprit] }) as const;
    const byVector = { vector: 'failed', keyword: ['cancelled', 'vector'], ...end('vector') } as const;
    const byKeyword = { keyword: 'failed', ...end('keyword') } as const;
    expect(inArm('hybrid', byVector)).toBe(true);
    expect(inArm('baseline', { vector: 'failed', ...byKeyword })).toBe(true);
    expect(inArm('hybrid', { vector: ['cancelled', 'keyword'], ...byKeyword })).toBe(false);
    expect(inArm('baseline', { vector: ['cancelled', 'keyword'], ...byKeyword })).toBe(false);
  });

  test('a run that was cancelled is exposed where all that every arm waits for was there', () => {
    const cancelled = { fused: 'cancelled', ranked: 'cancelled' } as const;
    expect(inArm('hybrid', { vector: 'cancelled', keyword: 'completed', ...cancelled })).toBe(true);
    expect(inArm('hybrid', { vector: 'completed', keyword: 'cancelled', ...cancelled })).toBe(false);
  });

  test('a run of which no node is known is exposed', () => {
    for (const arm of ['baseline', ...variants]) expect(inArm(arm, {})).toBe(true);
  });
});

describe('exposure where the edited node is in a branch, or waits in other ways', () => {
  const Text = z.object({ text: z.string() });
  const Answer = Text.extend({ good: z.boolean() });
  const say = defineStep('say', {
    version: 1,
    input: z.object({ of: z.array(z.string()) }),
    output: Answer,
    effect: 'none',
    config: z.object({ voice: z.string().default('plain') }),
    policy: { attempts: 1, timeout: '1 second' },
  });
  const pipeline = definePipeline('ways', Text)
    .step('asked', say, ({ input }) => ({ of: [input.text] }))
    .step('aside', say, ({ asked }) => ({ of: [asked.text] }))
    .step(
      'close',
      say,
      ({ asked }) => ({ of: [asked.text] }),
      {},
      {
        when: ({ asked }) => asked.good,
        orElse: { text: '', good: false },
      },
    )
    .branch(
      'reply',
      Answer,
      ({ asked }) => asked.good,
      (arm) => arm.step('long', say, ({ close }) => ({ of: [close.text] })).yield(({ long }) => long),
      (arm) => arm.step('short', say, ({ asked }) => ({ of: [asked.text] })).yield(({ short }) => short),
    )
    .output(Answer, ({ reply }) => reply);
  const inArm = (variant: Pick<SpecArm, 'name' | 'edits'>, ends: Ends) => {
    const arms = armsOf([variant]);
    return arms.map(({ name }) => isExposed(pipeline.plan, arms, name, ends));
  };
  const warm = (node: 'long' | 'close' | 'asked') =>
    pipeline.variant('warm', (edit) => edit.configure(node, { voice: 'warm' }));
  const before = { asked: 'completed', aside: 'completed', close: 'completed' } as const;

  test('a run that took the other arm of the branch is not exposed, whether it failed there or not', () => {
    expect(inArm(warm('long'), { ...before, reply: 'completed', short: 'completed' })).toEqual([false, false]);
    expect(inArm(warm('long'), { ...before, reply: ['blocked', 'short'], short: 'failed' })).toEqual([false, false]);
  });

  test('a run that failed before the branch, or in its way to the edited node, is not exposed', () => {
    const blocked = ['blocked', 'asked'] as const;
    expect(inArm(warm('long'), { asked: 'failed', aside: blocked, close: blocked, reply: blocked })).toEqual([
      false,
      false,
    ]);
    const byClose = {
      asked: 'completed',
      close: 'failed',
      reply: ['blocked', 'close'],
      long: ['blocked', 'close'],
    } as const;
    expect(inArm(warm('long'), byClose)).toEqual([false, false]);
  });

  test('a node that is skipped by its own condition is reached', () => {
    expect(inArm(warm('close'), { ...before, close: 'skipped', reply: 'completed', short: 'completed' })).toEqual([
      true,
      true,
    ]);
  });

  test('an ancestor is one in every arm’s plan, whichever way each arm comes to it', () => {
    const around = pipeline.variant('around', (edit) => edit.rewire('long', ({ aside }) => ({ of: [aside.text] })));
    const byAsked = ['blocked', 'asked'] as const;
    expect(inArm(around, { asked: 'failed', aside: byAsked, close: byAsked, reply: byAsked })).toEqual([false, false]);
    const byClose = { ...before, close: 'failed', reply: ['blocked', 'close'], long: ['blocked', 'close'] } as const;
    expect(inArm(around, byClose)).toEqual([true, true]);
  });
});
