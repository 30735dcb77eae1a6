import { describe, expect, test } from 'vitest';
import { chunkDocument } from '../../src/ingest/document.ts';
import { parseHtml } from '../../src/ingest/parse.ts';

const textsOf = (html: string) => parseHtml(html).blocks.map(({ text }) => text);

describe('a page', () => {
  test('gives what it says, and nothing of the site around it', () => {
    const { blocks, title } = parseHtml(`<!doctype html><title>Streaming – Acme Docs</title><style>p{}</style>
      <header><a href="/">Acme</a></header><nav>Menu</nav><aside>Ads</aside><script>evil()</script>
      <main><h1>Streaming<a href="#s">¶</a></h1><p>Hello <b>there</b>.</p><button>Copy</button>
      <div hidden>hidden</div><p aria-hidden="true">unseen</p><noscript>Enable JavaScript</noscript><!-- note --></main>
      <footer>Imprint</footer>`);
    expect(title).toBe('Streaming');
    expect(blocks.map(({ text }) => text)).toEqual(['Streaming', 'Hello there.']);
  });

  test('without a main part is read whole, but for menus and footers', () => {
    expect(
      textsOf('<nav>Menu</nav><p>One.</p><article><p>Two.</p></article><article>Three.</article><footer>F</footer>'),
    ).toEqual(['One.', 'Two.', 'Three.']);
    expect(textsOf('<p>Around.</p><article><p>The article.</p></article>')).toEqual(['The article.']);
    expect(textsOf('<p>Text.</p><main> </main>')).toEqual(['Text.']);
  });

  test('keeps headings, code with its language, lists and tables', () => {
    const html = `<h2>C#</h2><pre><code class="language-ts"><span>const</span> a = 1;\n  b();</code></pre>
      <ul><li>one<ol><li>deep</li></ol></li><li>two</li></ul>
      <table><tr><th>Name</th><th>Means</th></tr><tr><td>a|b</td><td><p>x</p><p>y</p></td></tr></table>`;
    expect(parseHtml(html).blocks).toMatchObject([
      { kind: 'heading', depth: 2, text: 'C#' },
      { kind: 'code', open: '```ts', body: 'const a = 1;\n  b();' },
      { kind: 'group', text: '- one\n  1. deep\n- two' },
      { kind: 'table', header: '| Name | Means |\n| --- | --- |', rows: ['| a\\|b | x y |'] },
    ]);
  });

  test('says words as they are: no escapes, entities as signs, links only where they lead elsewhere', () => {
    const html = `<p>Use <code>snake_case</code>, not_this * or &lt;div&gt;: <a href="/a">here</a>,
      HashMap<wbr>Entry, <a href="https://a.org/b">there</a>, <a href="https://a.org">https://a.org</a>, <img src="x" alt="a picture"></p>`;
    expect(textsOf(html)).toEqual([
      'Use `snake_case`, not_this * or <div>: here, HashMapEntry, [there](https://a.org/b), https://a.org, a picture',
    ]);
  });

  test.each([
    ['<title>Full name</title><h1>Other</h1>', 'Full name'],
    ['<title>Guide | Site</title><h1>Guide</h1>', 'Guide'],
    ['<title>Guide - Book</title><header><h1>Book</h1></header><main><h1>Guide</h1>x</main>', 'Guide'],
    ['<title> </title><h1>Only heading</h1>', 'Only heading'],
    ['<svg><title>icon</title></svg><p>x</p>', undefined],
    ['<p>x</p>', undefined],
  ])('%s has the title %s', (html, title) => {
    expect(parseHtml(html).title).toBe(title);
  });

  test('that is broken is read as browsers read it', () => {
    expect(textsOf('<p>One <b>bold <i>both</b> rest</i><p>Two <div>Three</td></span> &amp &nosuch; <')).toEqual([
      'One bold both rest',
      'Two',
      'Three & &nosuch; <',
    ]);
  });
});

const chunk = (text: string, mode: 'headings' | 'none' = 'headings') =>
  chunkDocument({ id: 'a', name: 'a.html', text, format: 'html', fallbackTitle: 'a' }, mode);

test('pages are chunked as Markdown is', async () => {
  expect(await chunk('<title>T</title><h1>T</h1><p>Intro.</p><h2>Part</h2><p>More.</p>')).toMatchObject({
    document: { title: 'T', passages: [{ heading: ['Part'], text: 'Intro.\n\nMore.' }], notes: [] },
  });
  expect(await chunk('<h1>T</h1><p>Intro.</p><h2>Part</h2><p>More.</p>', 'none')).toMatchObject({
    document: { passages: [{ id: 'a', text: '# T\n\nIntro.\n\n## Part\n\nMore.' }] },
  });
});

test('a page that only a browser can fill is empty, one nested without end is skipped', async () => {
  expect(await chunk('<div id="root"></div><script src="app.js"></script>')).toMatchObject({
    skip: { reason: 'empty' },
  });
  expect(await chunk(`${'<div>'.repeat(50_000)}x`)).toMatchObject({
    skip: { reason: 'unparseable', detail: expect.stringContaining('nested') },
  });
});
