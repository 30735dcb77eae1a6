/** What scorers are given of a run and its example, and what is missing of it. */
import { describe, expect, test } from 'vitest';
import { observedRefs, type SeenRun, scorerInput } from '../../../src/evaluation/chunk/scorer-input.ts';
import type { Wiring } from '../../../src/plan/plan.ts';

const from = (...path: [string, ...string[]]): Wiring => ({ $from: path });
const run: SeenRun = {
  output: { text: 'so', citations: [1] },
  facts: { latencyMs: 12, costUsd: null, inputTokens: 3, outputTokens: 4, failed: false, degraded: true },
  nodes: new Map([
    ['ranked\0passages', { value: [{ id: 'p' }] }],
    ['vector\0passages', { missing: 'skipped', node: 'vector' }],
  ]),
};
const example = { id: 'e', input: { question: 'why?' }, expected: { answer: 'because' }, relevant: { p: 2 } };
const read = (wiring: Wiring, of = run, on: object = example) => scorerInput(wiring, on as typeof example, { run: of });

describe('a scorer reads', () => {
  test('the run, its nodes, and its example', () => {
    const wiring: Wiring = {
      $object: {
        passages: from('ranked', 'passages'),
        text: from('output', 'text'),
        question: from('input', 'question'),
        wanted: from('expected', 'answer'),
        relevant: from('relevant'),
        ms: from('run', 'latencyMs'),
        isDegraded: from('run', 'degraded'),
        k: { $value: 10 },
      },
    };
    expect(read(wiring)).toEqual({
      value: {
        passages: [{ id: 'p' }],
        text: 'so',
        question: 'why?',
        wanted: 'because',
        relevant: { p: 2 },
        ms: 12,
        isDegraded: true,
        k: 10,
      },
    });
  });

  test.each([
    ['a node that was skipped', from('vector', 'passages'), "'vector' is skipped"],
    ['a cost that is not known', from('run', 'costUsd'), "the run's costUsd is not known"],
  ])('nothing in place of %s', (_, wiring, missing) => {
    expect(read({ $object: { it: wiring } })).toEqual({ missing });
  });

  test('nothing in place of what the example does not say', () => {
    const bare = { id: 'e', input: { question: 'why?' } };
    const beside = (missing: string) => ({ missing, isInapplicable: true });
    expect(read(from('expected', 'answer'), run, bare)).toEqual(beside('the example expects nothing'));
    expect(read(from('relevant'), run, bare)).toEqual(beside('the example names nothing relevant'));
    expect(read(from('output', 'text'), { ...run, output: undefined })).toEqual({ missing: 'the run has no output' });
  });

  test('an example without what is scored by is told before a run without output', () => {
    const both: Wiring = { $object: { text: from('output', 'text'), relevant: from('relevant') } };
    const bare = { id: 'e', input: { question: 'why?' } };
    expect(read(both, { ...run, output: undefined }, bare)).toMatchObject({ isInapplicable: true });
  });

  test('both sides of a pair', () => {
    const wiring: Wiring = { $object: { a: from('first', 'output', 'text'), b: from('second', 'ranked', 'passages') } };
    const other = { ...run, nodes: new Map([['ranked\0passages', { value: [] }]]) };
    expect(scorerInput(wiring, example, { first: run, second: other })).toEqual({ value: { a: 'so', b: [] } });
    expect(observedRefs([{ kind: 'pair', input: wiring }])).toEqual([['ranked', 'passages']]);
  });
});
