/** What holds for every plan and every record of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedNode } from '../../../src/experiment/rerun/replay.ts';
import { rerun } from '../../../src/experiment/rerun/rerun.ts';
import { nodesOf } from '../../../src/plan/nodes.ts';
import { CallFailure, STEP_INPUT_INVALID } from '../../../src/plan/walk.ts';
import { arbitraryPlan, planInput } from '../../plan/arbitrary-plan.ts';
import { behave } from '../../plan/behave.ts';
import { type Expected, interpret } from '../../plan/reference/interpret.ts';
import { counting, recordRun } from './recorded.ts';

const scripted = () =>
  counting(({ node, key, call, input }) => {
    const answer = behave(node, key, call, input);
    if ('value' in answer) return answer.value;
    const code = answer.failure === 'mistake' ? STEP_INPUT_INVALID : 'refused';
    return new CallFailure(code, 'no', { retryable: false });
  });

test('with nothing edited and nothing fresh, nothing is called, and the run is what it was', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryPlan, async (plan) => {
      const expected = interpret(plan, planInput, behave);
      if (expected.racy) return;
      const { record, output } = await recordRun(plan, planInput, scripted().execute);
      const again = scripted();
      const run = await rerun({ plan, record, fresh: new Set(), writeOf: () => undefined, execute: again.execute });
      expect(again.calls).toEqual([]);
      expect(run.calls.made).toBe(0);
      expect(run.output).toEqual(output);
      const outcomes = (nodes: readonly { key: string; outcome: string }[]) =>
        nodes
          .filter(({ key }) => isSure(expected, key))
          .map(({ key, outcome }) => `${key} ${outcome}`)
          .sort();
      if (output !== undefined) expect(outcomes(run.result.nodes)).toEqual(outcomes(record.nodes));
      expect(run.served.output).toEqual(output);
    }),
    { numRuns: 100 },
  );
});

/** Not in a scope that can no longer deliver: what is known at once in a rerun cuts such a node off sooner. */
const isSure = ({ nodes }: Expected, key: string) => nodes.get(key)?.doomed === false;

/** Calls of nodes that the record says the end of. What was cancelled has none, nor has what waited for it. */
const ended = (nodes: readonly RecordedNode[]) =>
  new Set(nodes.filter(({ outcome }) => outcome !== 'cancelled' && outcome !== 'blocked').map(({ key }) => key));

test('what is fresh is called, or has no end on record, and what comes of the same calls is the same run', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryPlan, fc.nat(), async (plan, which) => {
      const expected = interpret(plan, planInput, behave);
      if (expected.racy) return;
      const { record, output } = await recordRun(plan, planInput, scripted().execute);
      const steps = [...nodesOf(plan)].filter(({ kind }) => kind === 'step').map(({ id }) => id);
      const fresh = steps[which % steps.length]!;
      const again = scripted();
      const run = await rerun({
        plan,
        record,
        fresh: new Set([fresh]),
        writeOf: () => undefined,
        execute: again.execute,
      });
      expect(run.output).toEqual(output);
      const known = ended(record.nodes);
      const isCut = record.nodes.some(({ outcome }) => outcome === 'cancelled');
      const isDue = (call: string) => {
        const [key = '', node] = [call.split(' ')[0], call.split(/[[ ]/)[0]];
        return node === fresh || (isCut && !known.has(key));
      };
      expect(again.calls.filter((call) => !isDue(call))).toEqual([]);
      const owed = record.nodes
        .filter(({ node, key, call }) => node === fresh && call !== null && isSure(expected, key))
        .map(({ key }) => key);
      if (output !== undefined) expect(again.calls).toEqual(expect.arrayContaining(owed));
    }),
    { numRuns: 100 },
  );
});
