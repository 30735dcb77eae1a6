import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlanNode } from '../../src/plan/plan.ts';
import { walk } from '../../src/plan/walk.ts';
import { arbitraryPlan, planInput } from './arbitrary-plan.ts';
import { behave } from './behave.ts';
import { interpret } from './reference/interpret.ts';
import {
  anyCallMayFail,
  cancelsAtAnyMoment,
  isDeterministic,
  observesWhatIsReal,
  sameInAnyOrder,
  startsWhatIsDue,
} from './walk-properties.ts';

/** `SLUICE_RUNS` makes a longer search. */
const numRuns = Number(process.env.SLUICE_RUNS ?? 1_000);
const SEED = 20_261_124;

describe('the walker, over random plans', () => {
  it('meets every kind of node to depth 3, every outcome, and hardly any race', () => {
    const plans = fc.sample(arbitraryPlan, { numRuns: 1_000, seed: SEED });
    const met = new Set<string>();
    let racy = 0;
    for (const plan of plans) {
      const expected = interpret(plan, planInput, behave);
      for (const { outcomes } of expected.nodes.values()) for (const outcome of outcomes) met.add(outcome);
      met.add(`run ${expected.outcome}`);
      if (expected.racy) racy += 1;
    }
    expect([...met].sort()).toEqual([
      ...['blocked', 'completed', 'exhausted', 'failed', 'fallback', 'or-else'],
      ...['run completed', 'run degraded', 'run failed', 'skipped', 'truncated'],
    ]);
    expect(plans.filter((plan) => depthOf(plan.nodes) === 3).length).toBeGreaterThan(500);
    expect(racy).toBeLessThan(20);
  });
  it('gives the same result in any order of completion', async () => {
    await fc.assert(sameInAnyOrder(walk), { numRuns, seed: SEED });
  });
  it('starts a call as soon as its refs are known, and never more than concurrency allows', async () => {
    await fc.assert(startsWhatIsDue(walk), { numRuns, seed: SEED + 1 });
  });
  it('ends as it should when any call fails', async () => {
    await fc.assert(anyCallMayFail(walk), { numRuns, seed: SEED + 2 });
  });
  it('can be cancelled at any moment', async () => {
    await fc.assert(cancelsAtAnyMoment(walk), { numRuns, seed: SEED + 3 });
  });
  it('makes the same calls in the same sequence for the same order of completion', async () => {
    await fc.assert(isDeterministic(walk), { numRuns: numRuns / 4, seed: SEED + 4 });
  });
  it('lets what is real be observed, and nothing that was made up', async () => {
    await fc.assert(observesWhatIsReal(walk), { numRuns, seed: SEED + 5 });
  });
});

function depthOf(nodes: readonly PlanNode[]): number {
  return Math.max(0, ...nodes.map((node) => (node.kind === 'step' ? 0 : 1 + depthOf(insideOf(node)))));
}

function insideOf(node: Exclude<PlanNode, { kind: 'step' }>): readonly PlanNode[] {
  return node.kind === 'branch' ? [...node.then.nodes, ...node.otherwise.nodes] : node.nodes;
}
