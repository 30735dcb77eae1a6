import { describe, expect, it } from 'vitest';
import { canonicalBytes, hashJson } from '../../src/plan/id.ts';
import { findNode, nodesOf } from '../../src/plan/nodes.ts';
import type { Json } from '../../src/plan/plan.ts';
import { LIMITS } from '../../src/plan/plan-limits.ts';
import { configOf, isConfigHash, skeleton, workflowInput } from '../../src/plan/skeleton.ts';
import { changed, docsBot } from './example.ts';

const big = changed('nodes.5.then.nodes.0.nodes.0.call.config', { prompt: 'Answer. '.repeat(2_000) });

describe('a plan as workflow input', () => {
  it('is whole while it is small', () => {
    expect(workflowInput(docsBot)).toBe(docsBot);
  });

  it('above the limit has only the hashes of its configs, also of fallbacks, at every depth', () => {
    const small = workflowInput(big);
    expect(canonicalBytes(small as unknown as Json)).toBeLessThan(LIMITS.wholePlanBytes);
    for (const node of nodesOf(small)) {
      if (node.kind !== 'step') continue;
      const original = findNode(big, node.id);
      if (original?.kind !== 'step') throw new Error(`no step '${node.id}'`);
      expect(node.call).toEqual({ step: original.call.step, config: { $config: hashJson(original.call.config) } });
      if (original.fallback) expect(node.fallback?.config).toEqual({ $config: hashJson(original.fallback.config) });
    }
  });

  it('keeps everything but configs, and is its own skeleton', () => {
    const small = skeleton(big);
    expect({ ...small, nodes: 0 }).toEqual({ ...big, nodes: 0 });
    expect([...nodesOf(small)].map(({ id }) => id)).toEqual([...nodesOf(big)].map(({ id }) => id));
    expect(skeleton(small)).toEqual(small);
  });

  it('is refused where not its configs make it big: it would not fit beside an input', () => {
    const text = 'y'.repeat(LIMITS.literalCharacters - 10);
    const wide = changed('nodes.0.input', { $list: [{ $value: text }, { $value: text }] });
    expect(() => workflowInput(wide)).toThrow(expect.objectContaining({ code: 'plan_too_big' }));
  });

  it('finds the config of a node or its fallback in the full plan', () => {
    expect(configOf(docsBot, 'ranked', 'step')).toEqual({ topN: 8, model: 'local/lexical' });
    expect(configOf(docsBot, 'ranked', 'fallback')).toEqual({ topN: 8 });
    expect(configOf(docsBot, 'related/hits', 'step')).toEqual({ topK: 5 });
  });

  it.each([
    ['nobody', 'step', 'node_unknown'],
    ['answer', 'step', 'node_unknown'],
    ['draft', 'fallback', 'fallback_absent'],
  ] as const)('refuses %s (%s)', (node, which, code) => {
    expect(() => configOf(docsBot, node, which)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses to read a config out of a skeleton', () => {
    expect(() => configOf(skeleton(docsBot), 'ranked', 'step')).toThrow(
      expect.objectContaining({ code: 'config_absent' }),
    );
    expect(isConfigHash({ topN: 8 })).toBe(false);
  });
});
