import { describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { changed, docsBot, from } from './example.ts';

const problems = (plan: unknown) => {
  const check = checkPlan(plan);
  return check.ok ? [] : check.problems.map(({ code, node, message, remedy }) => ({ code, node, message, remedy }));
};
const rewired = (path: string, ...source: [string, ...string[]]) => problems(changed(path, from(...source)));

const keyword = 'nodes.2.input.$object.query';
const ranked = 'nodes.4.input.$object.query';
const draft = 'nodes.5.then.nodes.0.nodes.0.input.$object.question';
const hits = 'nodes.5.otherwise.nodes.0.input.$object.query';

describe('refs that point to nothing visible', () => {
  it('no such node: the nearest name in scope', () => {
    expect(rewired(ranked, 'enhanced', 'standalone')).toEqual([
      {
        code: 'ref_unknown',
        node: 'ranked',
        message: "'ranked' (input) reads 'enhanced.standalone', but no node has that id",
        remedy: "did you mean 'enhance'?",
      },
    ]);
  });

  it('no such field of the input', () => {
    expect(rewired(ranked, 'input', 'questoin')).toMatchObject([
      { code: 'ref_unknown_field', remedy: "did you mean 'question'?" },
    ]);
  });

  it('a node of a branch, from outside and from the other arm', () => {
    expect(rewired('output.$object.text', 'related/hits', 'best')).toMatchObject([
      { code: 'ref_unseen', remedy: "yield it from 'reply'" },
    ]);
    expect(rewired(hits, 'draft', 'text')).toMatchObject([{ code: 'ref_unseen', node: 'related/hits' }]);
  });

  it('a node of a map, from outside', () => {
    expect(rewired(ranked, 'lookup', 'passages')).toMatchObject([
      { code: 'ref_unseen', message: expect.stringContaining("inside the map 'vector'") },
    ]);
  });

  it("a node of a loop, from outside: the loop's own name is the way to it", () => {
    expect(rewired('nodes.5.then.yields.$object.text', 'draft', 'text')).toMatchObject([
      { code: 'ref_unseen', node: 'reply', remedy: "read 'answer.draft.text', its last round" },
    ]);
  });

  it('a carry or an item, outside its container', () => {
    expect(rewired(keyword, 'vector:item')).toMatchObject([{ code: 'ref_unseen', node: 'keyword' }]);
    expect(rewired(hits, 'answer:carry', 'feedback')).toMatchObject([{ code: 'ref_unseen', node: 'related/hits' }]);
  });

  it('into a list', () => {
    expect(rewired(ranked, 'vector', '0')).toMatchObject([{ code: 'ref_into_list', remedy: expect.anything() }]);
  });

  it('what a loop does not yield', () => {
    expect(rewired('nodes.5.then.yields.$object.text', 'answer', 'attempts')).toMatchObject([
      { code: 'ref_unknown_field', node: 'reply', remedy: 'it has draft, check, rounds' },
    ]);
  });

  it('a node that is defined later', () => {
    expect(rewired(keyword, 'fused', 'passages')).toMatchObject([{ code: 'ref_cycle' }]);
    const plan = changed('nodes.3.input.$object.lists', from('vector'));
    expect(problems(changed(keyword, from('fused', 'passages'), plan))).toMatchObject([
      { code: 'ref_order', remedy: "define 'fused' before it" },
    ]);
  });
});

describe('cycles are shown whole', () => {
  it.each([
    ['of a node with itself', ranked, ['ranked', 'passages'], 'ranked → ranked'],
    ['of two', keyword, ['fused', 'passages'], 'keyword → fused → keyword'],
    ['of three', 'nodes.0.input.$object.question', ['ranked', 'x'], 'enhance → ranked → enhance'],
    [
      'through a container',
      'nodes.3.input.$object.lists',
      ['reply', 'text'],
      'fused → reply → answer → draft → ranked → fused',
    ],
    ['of a node with the loop it is in', draft, ['answer', 'draft'], 'draft → answer → draft'],
    ['of a loop with itself', 'nodes.5.then.nodes.0.until', ['answer', 'check'], 'answer → answer'],
  ] as [string, string, [string, ...string[]], string][])('%s', (_name, path, source, circle) => {
    const found = problems(changed(path, from(...source)));
    expect(found.map(({ code }) => code)).toEqual(['ref_cycle']);
    expect(found[0]!.message).toContain(circle);
  });
});

it('what may be seen: outer nodes from any depth, a carry and an item in their bodies, rounds outside', () => {
  expect(problems(docsBot)).toEqual([]);
  expect(rewired(draft, 'vector')).toEqual([]);
  expect(rewired(draft, 'answer:carry')).toEqual([]);
});
