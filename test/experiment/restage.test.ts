import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedNodes, editedNodes, restagingsOf, servedPlans } from '../../src/experiment/restage.ts';
import { applyEdits } from '../../src/plan/compose.ts';
import { planId } from '../../src/plan/id.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { NodeEdit, Plan } from '../../src/plan/plan.ts';
import { arbitraryPlan } from '../plan/arbitrary-plan.ts';
import { docsBot, from } from '../plan/example.ts';
import { configured, live } from './live.ts';

const facts = { snapshots: { 'ai-docs': 'abc' } };
const ranked = configured('ranked', { topN: 12 });
const keyword = configured('keyword', { topK: 30 });
const max: NodeEdit = { node: 'answer', facet: 'options', options: { max: 5 } };
const without = (id: string, plan: Plan = docsBot): Plan => ({
  ...plan,
  nodes: plan.nodes.filter((node) => node.id !== id),
});

describe('changedNodes', () => {
  test('names steps and containers by what is their own', () => {
    expect(changedNodes(docsBot, applyEdits(docsBot, [ranked, max]))).toEqual(new Set(['ranked', 'answer']));
    expect(changedNodes(docsBot, docsBot)).toEqual(new Set());
    expect(changedNodes(docsBot, without('fused'))).toEqual(new Set(['fused']));
    expect(changedNodes(without('fused'), docsBot)).toEqual(new Set(['fused']));
  });

  test('names exactly the nodes that edits change, in any plan', () => {
    fc.assert(
      fc.property(arbitraryPlan, fc.infiniteStream(fc.boolean()), (plan, choices) => {
        const chosen = [...nodesOf(plan)].filter((node) => node.kind !== 'branch' && choices.next().value);
        const edits = chosen.map(
          ({ id, kind }): NodeEdit =>
            kind === 'step'
              ? { node: id, facet: 'config', config: { changed: true } }
              : { node: id, facet: 'options', options: { max: 99 } },
        );
        expect(changedNodes(plan, applyEdits(plan, edits))).toEqual(new Set(chosen.map(({ id }) => id)));
      }),
      { numRuns: 100 },
    );
  });
});

describe('semantics 43: restagingsOf', () => {
  const restage = (after: Plan, ...experiments: Parameters<typeof live>[]) =>
    restagingsOf({ experiments: experiments.map((args) => live(...args)) }, { before: docsBot, after, facts });

  test('a change of a node that an experiment does not edit begins a stage, of one it edits ends it', () => {
    const after = applyEdits(docsBot, [ranked]);
    const both = restage(
      after,
      ['words', [[keyword]], { stage: 3 }],
      ['rerank', [[keyword], [configured('ranked', { topN: 4 })]]],
    );
    expect(both).toEqual([
      { experimentId: 'words', stage: 3, to: 'stage', why: "'ranked' changed, which it does not edit", facts },
      { experimentId: 'rerank', stage: 1, to: 'superseded', why: "'ranked' changed, which it edits", facts },
    ]);
  });

  test.each(['running', 'paused', 'halted', 'approving', 'rolling'] as const)('counts one that is %s', (state) => {
    expect(restage(applyEdits(docsBot, [ranked]), ['rerank', [[ranked]], { state }])).toMatchObject([
      { to: 'superseded' },
    ]);
  });

  test('the same plan again changes nothing', () => {
    expect(restage(structuredClone(docsBot), ['rerank', [[ranked]]])).toEqual([]);
  });

  test('schemas and output belong to no node: a new stage', () => {
    const after = { ...docsBot, output: { $object: { text: from('enhance', 'standalone') } } };
    expect(restage(after, ['rerank', [[ranked]]])).toMatchObject([
      { to: 'stage', why: "the pipeline's schemas or output changed, which it does not edit" },
    ]);
  });

  test('a promotion leaves out the experiment that ends with it', () => {
    const experiments = [live('rerank', [[ranked]]), live('words', [[keyword]])];
    const after = applyEdits(docsBot, [ranked]);
    expect(restagingsOf({ experiments }, { before: docsBot, after, facts, promotes: 'rerank' })).toMatchObject([
      { experimentId: 'words', to: 'stage' },
    ]);
  });

  test('asymp_cs sees one stage only, and says so', () => {
    const [one] = restage(applyEdits(docsBot, [ranked]), ['words', [[keyword]], { method: 'asymp_cs' }]);
    expect(one).toMatchObject({ to: 'superseded', why: expect.stringContaining('asymp_cs') });
  });

  test('a node that became another kind, or that is gone, ends it', () => {
    const asLoop = docsBot.nodes.map((node) => (node.id === 'ranked' ? { ...docsBot.nodes[1]!, id: 'ranked' } : node));
    expect(restage({ ...docsBot, nodes: asLoop }, ['rerank', [[ranked]]])).toMatchObject([{ to: 'superseded' }]);
    expect(restage(without('ranked'), ['rerank', [[ranked]]])).toMatchObject([{ to: 'superseded' }]);
  });

  test('an edit whose wiring reads what is no longer there ends it, though its own node is as it was', () => {
    const onlyKeyword: NodeEdit = {
      node: 'fused',
      facet: 'input',
      input: { $object: { lists: { $list: [from('spare')] } } },
    };
    const spare = { ...structuredClone(docsBot.nodes[0]!), id: 'spare' };
    const before = { ...docsBot, nodes: [spare, ...docsBot.nodes] };
    const experiments = [live('lists', [[onlyKeyword]])];
    const [kept] = restagingsOf({ experiments }, { before, after: applyEdits(before, [ranked]), facts });
    expect(kept).toMatchObject({ to: 'stage' });
    const [ended] = restagingsOf({ experiments }, { before, after: docsBot, facts });
    expect(ended).toMatchObject({ to: 'superseded', why: expect.stringMatching(/^'v1' no longer fits.*spare/) });
  });

  test('what may be served with a plan is it and every arm that fits it', () => {
    const experiments = [live('rerank', [[ranked], [configured('gone', {})]]), live('words', [[keyword]])];
    expect(servedPlans({ experiments }, docsBot)).toEqual([
      docsBot,
      applyEdits(docsBot, [ranked]),
      applyEdits(docsBot, [keyword]),
    ]);
  });

  test('a long list of changed nodes is cut in the sentence', () => {
    const ids = ['enhance', 'lookup', 'keyword', 'fused', 'draft', 'check', 'ranked'];
    const after = applyEdits(
      docsBot,
      ids.map((id) => configured(id, { changed: 1 })),
    );
    expect(restage(after, ['patient', [[max]]])[0]!.why).toMatch(/^('\w+', ){4}'\w+' and 2 more nodes changed/);
  });

  test('in any plan, an experiment ends exactly where it edits what changed', () => {
    fc.assert(
      fc.property(arbitraryPlan, fc.infiniteStream(fc.nat(3)), (plan, choices) => {
        const steps = [...nodesOf(plan)].filter((node) => node.kind === 'step');
        const of = (wanted: number, config: { readonly [key: string]: number }) =>
          picks.flatMap((pick, index) => (pick & wanted ? [configured(steps[index]!.id, config)] : []));
        const picks = steps.map(() => choices.next().value);
        const [changes, edits] = [of(1, { of: 1 }), of(2, { of: 2 })];
        const after = applyEdits(plan, changes);
        const found = restagingsOf({ experiments: [live('any', [edits])] }, { before: plan, after, facts });
        const to = picks.includes(3) ? 'superseded' : 'stage';
        expect(found).toMatchObject(planId(after) === planId(plan) ? [] : [{ to }]);
        expect(editedNodes(live('any', [edits]).spec).size).toBe(edits.length);
      }),
      { numRuns: 100 },
    );
  });
});
