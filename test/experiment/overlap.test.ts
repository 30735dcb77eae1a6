import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { checkOverlaps, editedNodes, exposingNodes } from '../../src/experiment/restage.ts';
import { docsBot } from '../plan/example.ts';
import { configured, live } from './live.ts';

const ranked = configured('ranked', { topN: 12 });
const vector = configured('keyword', { topK: 30 });

function refusal(work: () => void): SluiceError {
  try {
    work();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('semantics 42: checkOverlaps', () => {
  test('refuses a common node with both names, the nodes, and what to do', () => {
    const { spec } = live('wide', [[vector], [ranked]]);
    const error = refusal(() =>
      checkOverlaps(spec, [live('other', [[vector]], { layer: 'x' }), live('rerank.2', [[ranked]])]),
    );
    expect(error.code).toBe('experiments_overlap');
    expect(error.data).toMatchObject({ experiments: ['wide', 'other'], nodes: ['keyword'], layers: [null, 'x'] });
    expect(error.message).toBe("'wide' and 'other', which is live, both edit 'keyword'");
    expect(error.remedy).toContain("layer: 'x'");
    expect(refusal(() => checkOverlaps(spec, [live('rerank.2', [[ranked]])])).remedy).toContain(
      "'rerank.2' is in no layer",
    );
  });

  test.each([
    ['other nodes', {}, [vector]],
    ['one layer', { layer: 'search' }, [ranked]],
    ['another pipeline', { pipeline: 'other-bot' }, [ranked]],
  ])('lets experiments be live together: %s', (_why, options, edits) => {
    const { spec } = live('wide', [[ranked]], { layer: 'search' });
    expect(() => checkOverlaps(spec, [live('other', [edits], options)])).not.toThrow();
  });

  test('a layer keeps apart what randomises the same unit, and nothing else', () => {
    const { spec } = live('wide', [[ranked]], { layer: 'search' });
    const other = live('other', [[ranked]], { layer: 'search' });
    const bySession = { ...other, spec: { ...other.spec, unit: { $from: ['input', 'session'] as const } } };
    const error = refusal(() => checkOverlaps(spec, [bySession]));
    expect(error.message).toBe("'wide' and 'other', which is live, both edit 'ranked', and randomise different units");
    expect(error.remedy).toContain('the same unit');
    expect(() => checkOverlaps({ ...spec, unit: bySession.spec.unit }, [bySession])).not.toThrow();
  });

  test.each([
    [undefined, undefined],
    ['search', undefined],
    ['search', 'answers'],
    [undefined, 'search'],
  ])('layers that are not the same (%s and %s) exclude nothing', (own, its) => {
    const withLayer = (layer: string | undefined) => (layer === undefined ? {} : { layer });
    const { spec } = live('wide', [[ranked]], withLayer(own));
    expect(() => checkOverlaps(spec, [live('other', [[ranked]], withLayer(its))])).toThrow(/both edit 'ranked'/);
  });
});

describe('the nodes of an experiment', () => {
  test('are those that any arm edits', () => {
    expect(editedNodes(live('wide', [[ranked], [vector, ranked]]).spec)).toEqual(new Set(['ranked', 'keyword']));
  });

  test('expose in the order of the plan, with everything in an edited container, once', () => {
    const max = { node: 'answer', facet: 'options', options: { max: 5 } } as const;
    const { spec } = live('patient', [[configured('draft', {}), max], [ranked]]);
    expect(exposingNodes(docsBot, spec)).toEqual(['ranked', 'answer', 'draft', 'check']);
    expect(exposingNodes(docsBot, live('lookup', [[configured('lookup', {})]]).spec)).toEqual(['lookup']);
  });
});
