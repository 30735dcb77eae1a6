/** What the page makes of its columns: pairs, filters, bubbles, and the words in which two answers differ. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  countOutcomes,
  filterExamples,
  NO_FILTER,
  searchTexts,
} from '../../dashboard/screens/compare/example-filter.ts';
import {
  BESIDE,
  BETTER,
  bubblesOf,
  MISSING,
  openPage,
  type Page,
  type Pairs,
  pairsOf,
  reasonWords,
  WORSE,
} from '../../dashboard/screens/compare/example-pairs.ts';
import { diffBySide } from '../../src/base/word-diff.ts';
import type { ReportData } from '../../src/evaluation/report/data.ts';
import { pageData } from '../../src/evaluation/report/page-data.ts';
import { makeReport } from '../evaluation/report/make-report.ts';

let data: ReportData;
let page: Page;
const place = (name: string): number => data.report.metrics.findIndex((metric) => metric.name === name);
beforeAll(async () => {
  data = await makeReport({ examples: 400, missingShare: 0.1, ungradedEvery: 10 });
  page = openPage(JSON.parse(JSON.stringify(pageData(data))));
});

describe('pairs', () => {
  it('have the outcomes that the comparison counted, on every metric and side', () => {
    for (const [metric, { sides }] of data.report.metrics.entries()) {
      for (const { side, wins, losses, ties, pairs, missing } of sides) {
        const counts = countOutcomes(pairsOf(page, metric, side));
        expect(counts).toEqual({
          all: 400,
          better: wins,
          worse: losses,
          equal: ties,
          missing: 400 - pairs - missing.inapplicable,
          'nothing to score': missing.inapplicable,
        });
      }
    }
  });

  it.each(['recall@10', 'latency'])('of %s begin with those that got worst, and end with what is missing', (name) => {
    const pairs = pairsOf(page, place(name), 2);
    const sign = name === 'latency' ? -1 : 1;
    const gains = [...pairs.order]
      .map((example) => sign * pairs.difference[example]!)
      .filter((gain) => !Number.isNaN(gain));
    expect(gains).toEqual([...gains].sort((one, other) => one - other));
    const outcomes = [...pairs.order].map((example) => pairs.outcome[example]);
    expect(outcomes.lastIndexOf(BETTER)).toBeLessThan(outcomes.includes(MISSING) ? outcomes.indexOf(MISSING) : 400);
    expect(outcomes[0]).toBe(WORSE);
  });

  it('of an example with nothing to score are no hole, and say so', () => {
    const pairs = pairsOf(page, place('recall@10'), 1);
    const beside = [...pairs.outcome.keys()].filter((example) => pairs.outcome[example] === BESIDE);
    expect(beside).toEqual(Array.from({ length: 40 }, (_, index) => index * 10));
    expect(reasonWords(page, place('recall@10'), 1, 0)).toBe('baseline: no_relevant; hybrid: no_relevant');
  });

  it('that lack a value say why, on which side', () => {
    const pairs = pairsOf(page, place('correct'), 1);
    const lacking = [...pairs.order].filter((example) => pairs.outcome[example] === MISSING);
    expect(lacking.length).toBeGreaterThan(0);
    for (const example of lacking) {
      const words = reasonWords(page, place('correct'), 1, example);
      expect(words.includes('baseline: openai: rate limited (429)')).toBe(Number.isNaN(pairs.first[example]));
      expect(words.includes('hybrid: openai: rate limited (429)')).toBe(Number.isNaN(pairs.second[example]));
    }
  });
});

describe('filters', () => {
  const shown = (change: Partial<typeof NO_FILTER>, name = 'correct') =>
    filterExamples(page, pairsOf(page, place(name), 1), searchTexts(page), { ...NO_FILTER, ...change });

  it('let all through where nothing is asked', () => {
    expect(shown({})).toHaveLength(400);
  });

  it('by a box keep what broke: the lower right corner', () => {
    const { losses } = data.report.metrics[place('correct')]!.sides[0]!;
    const box = { first: [0.5, 1.5], second: [-0.5, 0.5] } as const;
    expect(shown({ box })).toHaveLength(losses);
    expect(new Set(shown({ box }))).toEqual(new Set(shown({ outcome: 'worse' })));
  });

  it('by words need all of them, in id or question', () => {
    expect(shown({ text: 'EMBEDDINGS question-00013' }).map((example) => page.ids[example])).toEqual([
      'question-00013',
    ]);
    expect(shown({ text: 'embeddings nowhere' })).toEqual([]);
  });

  it('by tag and outcome together narrow both', () => {
    const tag = page.tags.indexOf('long');
    const both = shown({ tag, outcome: 'better' });
    expect(both.length).toBeGreaterThan(0);
    expect(both.length).toBeLessThan(shown({ tag }).length);
    for (const example of both) expect(data.examples.tags[example]).toContain('long');
  });

  it.each(['baseline', 'variant', 'difference', 'regression'] as const)(
    'sorted by %s, either way, put missing values last',
    (sort) => {
      const pairs: Pairs = pairsOf(page, place('correct'), 1);
      for (const isReversed of [false, true]) {
        const lacking = shown({ sort, isReversed }).map((example) => {
          const column = {
            baseline: pairs.first,
            variant: pairs.second,
            difference: pairs.difference,
            regression: pairs.difference,
          }[sort];
          return Number.isNaN(column[example]);
        });
        expect(lacking).toEqual([...lacking].sort((one, other) => Number(one) - Number(other)));
      }
      expect(shown({ sort, isReversed: true })).not.toEqual(shown({ sort }));
    },
  );
});

describe('bubbles', () => {
  it('of passes and failures are four, and hold every pair', () => {
    const pairs = pairsOf(page, place('correct'), 1);
    const bubbles = bubblesOf(pairs)!;
    expect(bubbles).toHaveLength(4);
    const { pairs: complete } = data.report.metrics[place('correct')]!.sides[0]!;
    expect(bubbles.reduce((sum, { examples }) => sum + examples.length, 0)).toBe(complete);
  });

  it('are none where values are many', () => {
    expect(bubblesOf(pairsOf(page, place('cost'), 1))).toBeNull();
  });
});

describe('two answers', () => {
  it('differ in the words that only one has; together they are each answer', () => {
    const { first, second } = diffBySide('Raise maxDuration in the route.', 'Raise the limit in the route.');
    const joined = (pieces: typeof first) => pieces.map(({ text }) => text).join('');
    expect(joined(first)).toBe('Raise maxDuration in the route.');
    expect(joined(second)).toBe('Raise the limit in the route.');
    expect(first.filter(({ isOwn }) => isOwn).map(({ text }) => text.trim())).toEqual(['maxDuration']);
    expect(second.filter(({ isOwn }) => isOwn).map(({ text }) => text.trim())).toEqual(['the limit']);
  });

  it('without a word in common are each their own, soon', () => {
    const answer = (word: string) => Array.from({ length: 3_000 }, (_, place) => `${word}${place}`).join(' ');
    const { first, second } = diffBySide(answer('a'), answer('b'));
    expect(first).toEqual([{ text: answer('a'), isOwn: true }]);
    expect(second).toEqual([{ text: answer('b'), isOwn: true }]);
  });
});
