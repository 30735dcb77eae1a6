import { describe, expect, it } from 'vitest';
import { diffPlans, showDiff } from '../../src/plan/diff.ts';
import { changed, docsBot, from, step } from './example.ts';

const diff = (to: unknown) => showDiff(diffPlans(docsBot, to as typeof docsBot));

describe('diffPlans', () => {
  it('finds nothing between equal plans', () => {
    expect(diffPlans(docsBot, structuredClone(docsBot))).toEqual([]);
  });

  it('names a swap as its author would', () => {
    expect(diff(changed('nodes.0.call.step', 'hydeQuery@1'))).toBe('enhance: enhanceQuery@1 -> hydeQuery@1\n');
  });

  it.each([
    ['a config value', 'nodes.4.call.config.topN', 12, 'ranked config.topN: 8 -> 12\n'],
    ['a new config value', 'nodes.4.call.config.seed', 'x', 'ranked config.seed: – -> "x"\n'],
    ['a config value that is gone', 'nodes.4.call.config.topN', undefined, 'ranked config.topN: 8 -> –\n'],
    ['a config value with the name of a method', 'nodes.4.call.config.valueOf', 1, 'ranked config.valueOf: – -> 1\n'],
    [
      'a wiring',
      'nodes.4.input.$object.query',
      from('input', 'question'),
      'ranked wiring.input.query: enhance.standalone -> input.question\n',
    ],
    ['an option', 'nodes.4.policy.backoff.firstMs', 5, 'ranked options.backoff.firstMs: 1000 -> 5\n'],
    ['a fallback', 'nodes.4.fallback.step', 'other@1', 'ranked fallback.step: keepOrder@1 -> other@1\n'],
    ['a stand-in', 'nodes.2.orElse', { passages: [1] }, 'keyword options.orElse.passages: [] -> [1]\n'],
    ['the limit of a loop, at any depth', 'nodes.5.then.nodes.0.max', 2, 'answer options.max: 3 -> 2\n'],
    ['the name', 'pipeline', 'bot', 'pipeline name: docs-bot -> bot\n'],
    [
      'the output',
      'output.$object.text',
      from('input', 'question'),
      'pipeline output.text: reply.text -> input.question\n',
    ],
  ])('%s', (_name, path, value, line) => {
    expect(diff(changed(path, value))).toBe(line);
  });

  it('names an included variant that is overridden, also where the result is as it was before', () => {
    const override = { node: 'ranked', facet: 'config', path: 'topN', variant: 'wide', from: 12, to: 20 } as const;
    const topN = (value: number) => diffPlans(docsBot, changed('nodes.4.call.config.topN', value));
    expect(showDiff(topN(20), [override])).toBe("ranked config.topN: 8 -> 20, overrides 'wide' (12)\n");
    expect(showDiff(topN(8), [{ ...override, to: 8 }])).toBe("ranked config.topN: 8, overrides 'wide' (12)\n");
  });

  it('tells long texts apart beyond what it shows of them', () => {
    const prompt = (end: string) => ({ $value: `${'x'.repeat(500)}${end}` });
    const [a, b] = [prompt('a'), prompt('b')].map((value) => changed('nodes.4.input.$object.query', value));
    expect(showDiff(diffPlans(a!, b!))).toMatch(/^ranked wiring\.input\.query: "x+… \(503 characters\) -> "x+… \(503/);
  });

  it('tells a text from a ref that is written alike', () => {
    expect(diff(changed('nodes.4.input.$object.query', { $value: 'enhance.standalone' }))).toBe(
      'ranked wiring.input.query: enhance.standalone -> "enhance.standalone"\n',
    );
  });

  it('adds, removes, moves and replaces nodes', () => {
    const extra = step('log', 'logAnswer@1', { text: from('reply', 'text') });
    const longer = { ...docsBot, nodes: [...docsBot.nodes, extra] };
    expect(diff(longer)).toBe('+ log (logAnswer@1)\n');
    expect(showDiff(diffPlans(longer, docsBot))).toBe('- log (logAnswer@1)\n');
    const hits = step('related/hits', 'keywordSearch@1', { query: from('enhance', 'standalone') }, {}, { topK: 5 });
    const moved = changed('nodes.5.otherwise.nodes', []);
    expect(diff({ ...moved, nodes: [hits, ...moved.nodes] })).toBe('related/hits place: reply otherwise -> top\n');
    expect(diff({ ...docsBot, nodes: [...docsBot.nodes.slice(0, 5), step('reply', 'decline@1', {})] })).toContain(
      'reply: branch -> decline@1\n',
    );
  });

  it('is data: node, facet, path, from, to', () => {
    expect(diffPlans(docsBot, changed('nodes.4.call.config.topN', 12))).toEqual([
      { node: 'ranked', facet: 'config', path: 'topN', from: 8, to: 12 },
    ]);
  });
});
