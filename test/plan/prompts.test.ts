/** Prompts of a pipeline from deployment to deployment. */
import { expect, test } from 'vitest';
import type { Deployment } from '../../dashboard/api-types.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { changesText, promptHistories } from '../../src/plan/prompts.ts';

const planOf = (configs: { readonly [node: string]: Json }): Plan =>
  ({
    nodes: Object.entries(configs).map(([id, config]) => ({ kind: 'step', id, call: { step: `${id}@1`, config } })),
  }) as unknown as Plan;

const deploymentOf = (deploymentNo: number, planId: string): Deployment => ({
  ...{ pipeline: 'docs-bot', deploymentNo, planId, variant: null, wonBy: [], holdOut: 0 },
  ...{ kind: 'deploy', by: 'mo', why: 'so', at: deploymentNo },
});

const shown = (deployments: readonly Deployment[], plans: { readonly [id: string]: Plan }) =>
  promptHistories(deployments, new Map(Object.entries(plans))).map(({ node, path, versions }) => [
    `${node} ${path}`,
    versions.map(({ deployment, text }) => [deployment.deploymentNo, text]),
  ]);

test('has a version where it changed, newest first, and says where a node has gone', () => {
  const plans = {
    a: planOf({ draft: { prompt: 'one', topN: 3 }, check: { model: { system: 'strict' } } }),
    b: planOf({ draft: { prompt: 'two', topN: 4 }, check: { model: { system: 'strict' } } }),
    c: planOf({ draft: { prompt: 'two' } }),
  };
  const deployments = [deploymentOf(4, 'c'), deploymentOf(3, 'b'), deploymentOf(2, 'a'), deploymentOf(1, 'a')];
  expect(shown(deployments, plans)).toEqual([
    [
      'draft prompt',
      [
        [3, 'two'],
        [1, 'one'],
      ],
    ],
    [
      'check model.system',
      [
        [4, null],
        [1, 'strict'],
      ],
    ],
  ]);
});

test('takes long texts for prompts, short ones by their names alone, and leaves out plans that are not known', () => {
  const long = 'x'.repeat(80);
  const plan = planOf({ draft: { language: 'de', hints: ['short', long] } });
  expect(shown([deploymentOf(2, 'unread'), deploymentOf(1, 'a')], { a: plan })).toEqual([
    ['draft hints.1', [[1, long]]],
  ]);
});

test('says that a prompt never changed only where nothing was left out', () => {
  expect(changesText(0, true)).toBe('never changed');
  expect(changesText(0, false)).not.toContain('never');
  expect([changesText(1, true), changesText(2, false)]).toEqual(['changed once', 'changed 2 times of late']);
});
