/** How the retrieval benchmark turns ranked passages into scores by page. */
import { describe, expect, it } from 'vitest';
import { difference, meanScores, pageOf, pagesOf, scorePages } from '../../bench/support/ranking.ts';

describe('ranking by page', () => {
  it('counts a passage as the document it is from, at the place of its first passage', () => {
    expect(pageOf('a/b#12')).toBe('a/b');
    expect(pageOf('notes#1/part#0')).toBe('notes#1/part');
    expect(pageOf('whole')).toBe('whole');
    expect(pagesOf([{ id: 'b#3' }, { id: 'a#0' }, { id: 'b#0' }])).toEqual(['b', 'a']);
  });

  it('scores the first ten pages, by hand', () => {
    // Found at ranks 2 and 4 of three: gains 3 / log2(3) + 1 / log2(5), ideal 3 + 2 / log2(3) + 1 / 2.
    const { recall, mrr, ndcg } = scorePages(['x', 'a', 'y', 'c'], { a: 3, b: 2, c: 1 });
    expect(recall).toBeCloseTo(2 / 3, 12);
    expect(mrr).toBe(1 / 2);
    expect(ndcg).toBeCloseTo((3 / Math.log2(3) + 1 / Math.log2(5)) / (3 + 2 / Math.log2(3) + 1 / 2), 12);
  });

  it('sees nothing beyond the tenth page', () => {
    const ten = Array.from({ length: 10 }, (_, rank) => `page-${rank}`);
    expect(scorePages([...ten, 'a'], { a: 3 })).toEqual({ recall: 0, mrr: 0, ndcg: 0 });
    expect(() => scorePages(ten, {})).toThrow('no relevant document');
  });

  it('compares question by question, and says when there is nothing to tell a difference from', () => {
    const scores = (...recalls: number[]) => recalls.map((recall) => ({ recall, mrr: recall, ndcg: 0 }));
    const { diff, lo, hi } = difference(scores(0, 0.5, 1, 0), scores(1, 0.5, 1, 1), 'recall');
    expect(diff).toBe(0.5);
    // Differences 1, 0, 0, 1: standard error sqrt(1/3) / 2, t(3) = 3.182.
    expect(hi! - diff).toBeCloseTo((3.182446 * Math.sqrt(1 / 3)) / 2, 5);
    expect(diff - lo!).toBeCloseTo(hi! - diff, 12);
    expect(difference(scores(0, 1), scores(0, 1), 'recall')).toEqual({ diff: 0, lo: null, hi: null });
    expect(meanScores(scores(0, 1, 0.5))).toEqual({ recall: 0.5, mrr: 0.5, ndcg: 0 });
  });
});
