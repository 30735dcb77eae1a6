/** The project's own experiments, as they would start. */
import { expect, test } from 'vitest';
import { experiments, pipelines } from '../../pipelines/index.ts';

const editedBy = (id: string) =>
  new Set(experiments.find((each) => each.id === id)!.spec.arms.flatMap(({ edits }) => edits.map(({ node }) => node)));

test('are of pipelines that can be run, with variants that can', () => {
  for (const { pipeline, variants } of experiments) {
    expect(pipelines).toContain(pipeline);
    for (const variant of variants) expect(pipelines).toContain(variant);
  }
});

test('docs-search keeps the order of the fused search: the local reranker lowers it on other documents', () => {
  const searches = pipelines.filter(({ plan }) => plan.pipeline === 'docs-search').map(({ plan }) => plan);
  const ranked = searches.map(({ nodes }) => nodes.find(({ id }) => id === 'ranked'));
  expect(ranked.length).toBeGreaterThan(1);
  for (const node of ranked) expect(node).toMatchObject({ call: { step: 'keepOrder@1' } });
});

test('of one pipeline edit different nodes, so that they may run at the same time', () => {
  expect([...editedBy('rerank-online')]).toEqual(['ranked']);
  expect([...editedBy('hyde-online')]).toEqual(['enhance']);
});

test('let callers name the unit, since questions do not say who asks them', () => {
  expect(experiments.map(({ spec }) => spec.unit)).toEqual([null, null, null]);
});

test('decide by all who were asked, whether they say anything or not', () => {
  const primary = experiments.map(({ spec }) => spec.metrics.find(({ role }) => role === 'primary')!);
  expect(primary.map(({ name, absent }) => [name, absent])).toEqual([
    ['net-thumbs', 'zero'],
    ['answered', 'missing'],
    ['thumbs-up', 'zero'],
  ]);
});
