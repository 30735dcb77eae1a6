/** Addresses of passages: in answers, on screens and in the terminal. */
import { describe, expect, test } from 'vitest';
import { citationsOf } from '../dashboard/screens/reviews/readable.ts';
import { webUrl } from '../src/base/web-url.ts';
import { answerLines } from '../src/cli/show-run.ts';
import { citationOf } from '../src/extractive/terms.ts';
import { passageLists } from '../src/plan/passage-lists.ts';

const NO_LINKS = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'httpx://example.com',
  'http:',
  '//example.com/a',
  'guide/streaming.md',
  '',
];
const LINKS = ['http://example.com', 'https://docs.example.com/a?b#c', 'HTTPS://EXAMPLE.COM'];

describe.each(NO_LINKS)('the address %j', (url) => {
  test('is no link', () => expect(webUrl(url)).toBeUndefined());

  test('is in no citation of an answer', () => {
    const citation = citationOf({ id: 'p#1', score: 1, text: 'text', title: 'Guide', url }, 1);
    expect(citation).toEqual({ n: 1, passageId: 'p#1', title: 'Guide' });
  });

  test('of a citation that a step of the project wrote is no link on a screen or in the terminal', () => {
    const output = { text: 'An answer [1].', citations: [{ n: 1, passageId: 'p#1', title: 'Guide', url }] };
    expect(citationsOf(output)).toMatchObject([{ title: 'Guide', url: null }]);
    expect(answerLines(output, 80).at(-1)?.trim()).toBe('[1] Guide');
    expect(passageLists({ passages: [{ id: 'p#1', text: 'text', url }] })[0]!.passages[0]!.url).toBeNull();
  });
});

test.each(LINKS)('the address %s is a link as it is written', (url) => {
  expect(webUrl(url)).toBe(url);
  expect(citationOf({ id: 'p#1', score: 1, text: 'text', url }, 1)).toMatchObject({ url });
  expect(citationsOf({ citations: [{ n: 1, url }] })).toMatchObject([{ url }]);
  expect(passageLists({ passages: [{ id: 'p#1', text: 'text', url }] })[0]!.passages[0]).toMatchObject({ url });
});
