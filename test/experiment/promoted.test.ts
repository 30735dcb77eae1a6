import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { checkPromoted, keptPromotions, undoneEdits } from '../../src/experiment/promoted.ts';
import { applyEdits } from '../../src/plan/compose.ts';
import { planId } from '../../src/plan/id.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';
import type { PromotedEdit } from '../../src/store/deployments.ts';
import { imagined, rawQuestion, supportBot, wide } from '../dsl/example.ts';
import { configured } from './live.ts';

const { plan } = supportBot;
const won = (experiment: string, edits: readonly NodeEdit[]): PromotedEdit => ({ experiment, variant: 'v', edits });
const servedAfter = (promoted: readonly PromotedEdit[], from: Plan = plan) =>
  promoted.reduce((served, { edits }) => applyEdits(served, edits), from);

describe('what was won and the code', () => {
  test('code without it is refused, with the edit to write', () => {
    const promoted = [won('rerank-v2', wide.edits), won('hyde', imagined.edits)];
    const refused = () => checkPromoted(wide.plan, promoted);
    expect(refused).toThrow(SluiceError);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'promoted_undone',
        message: "this code of 'support-bot' would undo what 'hyde' won at 'understood'",
        remedy: [
          "write it into the pipeline's code:",
          '  // won by hyde',
          "  edit.swap('understood', imagine /* imagine@1 */, { model: 'local/extractive', words: 60 })",
          'or undo it on purpose: --force',
        ].join('\n'),
        data: expect.objectContaining({ experiments: ['hyde'], nodes: ['understood'], edits: imagined.edits }),
      }),
    );
  });

  test('code with it is not, whoever else has edited what', () => {
    const promoted = [won('rerank-v2', wide.edits), won('hyde', imagined.edits)];
    expect(() => checkPromoted(servedAfter(promoted), promoted)).not.toThrow();
    const further = applyEdits(servedAfter(promoted), [configured('keyword', { topK: 3 })]);
    expect(undoneEdits(further, promoted)).toEqual([]);
    expect(undoneEdits(plan, [])).toEqual([]);
  });

  test('forced, what is undone is no longer promoted; the rest is', () => {
    const promoted = [won('rerank-v2', wide.edits), won('hyde', imagined.edits)];
    expect(keptPromotions(imagined.plan, promoted)).toEqual([won('hyde', imagined.edits)]);
    const [topN, limit] = wide.edits as [NodeEdit, NodeEdit];
    expect(keptPromotions(applyEdits(plan, [limit]), promoted)).toEqual([won('rerank-v2', [limit])]);
    expect(keptPromotions(applyEdits(plan, [topN, limit]), promoted)).toEqual([promoted[0]]);
  });

  test('a later promotion of a node takes the place of an earlier one', () => {
    const promoted = [won('a', [configured('ranked', { topN: 12 })]), won('b', [configured('ranked', { topN: 16 })])];
    expect(undoneEdits(servedAfter(promoted), promoted)).toEqual([]);
    expect(undoneEdits(servedAfter([promoted[0]!]), promoted)).toEqual([
      { node: 'ranked', experiments: ['a', 'b'], edits: promoted[1]!.edits },
    ]);
  });

  test('options add up, and a new step with its own policy overrides them', () => {
    const options = (policy: { attempts?: number; timeoutMs?: number }): NodeEdit => ({
      node: 'understood',
      facet: 'options',
      options: { policy },
    });
    const both = [won('a', [options({ attempts: 5 })]), won('b', [options({ timeoutMs: 9_000 })])];
    expect(undoneEdits(plan, both)[0]!.edits).toEqual([options({ attempts: 5, timeoutMs: 9_000 })]);
    const swapped = [...both, won('c', imagined.edits)];
    expect(undoneEdits(plan, swapped)[0]!.edits).toEqual(imagined.edits);
    expect(undoneEdits(servedAfter(swapped), swapped)).toEqual([]);
    const configuredAfter = [...swapped, won('d', [configured('understood', { model: 'm', words: 5 })])];
    expect(undoneEdits(plan, configuredAfter)[0]!.edits).toMatchObject([
      { facet: 'step', call: { step: 'imagine@1', config: { model: 'm', words: 5 } } },
    ]);
    expect(undoneEdits(servedAfter(configuredAfter), configuredAfter)).toEqual([]);
  });

  test('a node that the code no longer has, or that is no step there, has lost it', () => {
    const asContainer = {
      ...plan,
      nodes: plan.nodes.map((node) => (node.id === 'ranked' ? { ...plan.nodes[1]!, id: 'ranked' } : node)),
    };
    for (const code of [{ ...plan, nodes: plan.nodes.slice(0, 2) }, asContainer]) {
      expect(undoneEdits(code, [won('a', [configured('ranked', { topN: 12 })])])).toMatchObject([{ node: 'ranked' }]);
      expect(() => checkPromoted(code, [won('a', [configured('ranked', { topN: 12 })])])).toThrow(
        /would undo what 'a'/,
      );
    }
  });

  test('whatever was won one after the other, what then is served has it all, and the code before lacks exactly what it changes', () => {
    const pool: readonly NodeEdit[] = [
      ...wide.edits,
      ...imagined.edits,
      ...rawQuestion.edits,
      configured('ranked', { topN: 3, model: 'm' }),
      configured('understood', { model: 'n' }),
      { node: 'answer', facet: 'options', options: { max: 5 } },
      { node: 'ranked', facet: 'options', options: { policy: { attempts: 9 }, fallback: null } },
      { node: 'ranked', facet: 'options', options: { policy: { attempts: 2, taskQueue: 'q' } } },
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 8 }), (edits) => {
        const promoted = edits.map((edit, index) => won(`e${index}`, [edit]));
        const served = servedAfter(promoted);
        expect(undoneEdits(served, promoted)).toEqual([]);
        const undone = undoneEdits(plan, promoted);
        expect(
          planId(
            applyEdits(
              plan,
              undone.flatMap((each) => each.edits),
            ),
          ),
        ).toBe(planId(served));
        expect(undone.length === 0).toBe(planId(served) === planId(plan));
        expect(undoneEdits(served, keptPromotions(served, promoted))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
