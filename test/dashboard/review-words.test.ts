/** What a queue's screens say of progress, of pairs without names, and of what answers hold. */
import { expect, test } from 'vitest';
import { withDone } from '../../dashboard/api-types.ts';
import { blocksOf } from '../../dashboard/parts/prose.ts';
import { citationsOf, readable } from '../../dashboard/screens/reviews/readable.ts';
import { differing, linesOf, mineOf, queueState, winnerWords } from '../../dashboard/screens/reviews/words.ts';
import type { ItemSummary, LabelField, ReviewItem, ReviewReport } from '../../src/model/review-queue.ts';

const item = (place: number, more: Partial<ItemSummary> = {}): ItemSummary => ({
  ...{ place, subject: `s${place}`, exampleId: `e${place}`, state: 'open', reviews: 0, passes: 0, isMine: false },
  ...more,
});
const states = { open: 0, begun: 0, agreed: 0, disputed: 0, settled: 0 };
const report: ReviewReport = {
  queue: {
    ...{ name: 'q', evaluationId: 'e', scorer: 's', kind: 'fields', question: null, guidelines: null, fields: [] },
    ...{ reviewers: 2, items: 4, startedBy: 'mo', startedAt: 0, closedAt: null },
  },
  progress: {
    ...{ items: 4, states: { ...states, open: 2, begun: 1, agreed: 1 }, reviews: 3, asked: 8 },
    byReviewer: [{ reviewer: 'ada', reviews: 1, passes: 0 }],
  },
  agreement: [],
  items: [
    item(1, { state: 'agreed', reviews: 2 }),
    item(2, { state: 'begun', reviews: 1, isMine: true }),
    item(3),
    item(4),
  ],
};

test('what is there for somebody leaves out what others have finished', () => {
  expect([mineOf(report, 'ada'), mineOf(report, 'sam')]).toEqual([
    { done: 1, of: 3 },
    { done: 0, of: 2 },
  ]);
});

test('a review counts at once, a change of it does not, and who cannot judge is counted apart', () => {
  const reviewed = {
    ...item(3, { state: 'begun', reviews: 1, isMine: true }),
    input: 'not kept',
  } as unknown as ReviewItem;
  const after = withDone(report, 3, 'ada', reviewed);
  expect(after.progress).toMatchObject({ reviews: 4, byReviewer: [{ reviewer: 'ada', reviews: 2, passes: 0 }] });
  expect(after.items[2]).toEqual(item(3, { state: 'begun', reviews: 1, isMine: true }));
  expect(withDone(after, 3, 'ada', reviewed).progress.reviews).toBe(4);
  const passed = withDone(report, 4, 'sam', null);
  expect(passed.progress.byReviewer).toContainEqual({ reviewer: 'sam', reviews: 0, passes: 1 });
  expect([passed.progress.reviews, passed.items[3]!.passes]).toEqual([3, 1]);
});

test('a queue is open, to be decided, completed or closed', () => {
  const of = (counts: Partial<typeof states>, closedAt: number | null = null) =>
    queueState({ ...report.queue, closedAt }, { ...report.progress, states: { ...states, ...counts } });
  expect([of({ open: 1, agreed: 3 }), of({ disputed: 1, agreed: 3 }), of({ settled: 1, agreed: 3 })]).toEqual([
    'open',
    'to be decided',
    'completed',
  ]);
  expect(of({ open: 4 }, 1)).toBe('closed');
});

test('who won is said by the places in which answers are shown', () => {
  const shown = { baseline: 'first' } as const;
  const swapped = { baseline: 'second' } as const;
  expect([0, 1, 0.5].map((win) => winnerWords(win, shown))).toEqual(['First', 'Second', 'Neither']);
  expect([0, 1].map((win) => winnerWords(win, swapped))).toEqual(['Second', 'First']);
  expect(linesOf({ win: 1, reason: 'shorter' }, { kind: 'pair', fields: [] }, swapped)).toEqual([
    { field: 'win', value: 'First' },
    { field: 'reason', value: 'shorter' },
  ]);
});

test('what is said has the order in which it was asked, and the rest behind it', () => {
  const fields = ['solved', 'clarity'].map((name) => ({ name }) as LabelField);
  const lines = linesOf({ clarity: 3, reason: 'so', solved: true }, { kind: 'fields', fields }, { baseline: null });
  expect(lines.map(({ field, value }) => [field, value])).toEqual([
    ['solved', 'yes'],
    ['clarity', '3'],
    ['reason', 'so'],
  ]);
});

test('fields in which reviewers differ are known; yes and 1 are the same', () => {
  const found = differing([{ value: { a: true, b: 'x', c: 0 } }, { value: { a: 1, b: 'y', c: false } }]);
  expect([...found]).toEqual(['b']);
});

test('of an output the text is read first, and what it cites', () => {
  expect(readable({ text: 'so', citations: [], passed: false })).toEqual({ text: 'so', rest: { passed: false } });
  expect(readable({ reply: 'so', n: 1 })).toEqual({ text: 'so', rest: { n: 1 } });
  expect(readable({ one: 'a', two: 'b' })).toEqual({ text: null, rest: null });
  const cited = { n: 2, passageId: 'p', title: 'Chat', heading: ['Chat', 'Example'], url: 'javascript:alert(1)' };
  expect(citationsOf({ citations: [cited, 'q'] })).toEqual([
    { n: 2, title: 'Chat', trail: 'Example', url: null },
    { n: null, title: 'q', trail: '', url: null },
  ]);
  expect(citationsOf({ text: 'so' })).toBeNull();
});

test('code stands apart from text, also where its fence is never closed', () => {
  const text = 'Call `f` [1].\nThen:\n\n```ts\nf();\n\ng();\n```\n# Why\n**So** [2](http://x)\n~~~\nend';
  expect(blocksOf(text)).toEqual([
    {
      is: 'text',
      inlines: [
        { is: 'text', text: 'Call ' },
        { is: 'code', text: 'f' },
        { is: 'text', text: ' ' },
        { is: 'citation', n: 1 },
        { is: 'text', text: '.\nThen:' },
      ],
    },
    { is: 'code', language: 'ts', text: 'f();\n\ng();' },
    { is: 'heading', inlines: [{ is: 'text', text: 'Why' }] },
    {
      is: 'text',
      inlines: [
        { is: 'strong', text: 'So' },
        { is: 'text', text: ' [2](http://x)' },
      ],
    },
    { is: 'code', language: '', text: 'end' },
  ]);
});
