/**
 * What a report of 10,000 examples by four variants costs: to build, to send, to open, and to filter. The
 * results are made up and put through the real functions. Opening and filtering are measured in Chromium, where there is
 * one: from the start of loading until the page can be used, and from a key pressed until the table has been drawn again.
 *
 * npm run bench:report [-- --smoke]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collectExamples } from '../src/evaluation/report/collect.ts';
import { REPORT_LIMITS, type ReportData } from '../src/evaluation/report/data.ts';
import { pageAssets, renderHtml } from '../src/evaluation/report/html.ts';
import { renderMarkdown } from '../src/evaluation/report/markdown.ts';
import { randomFrom } from '../src/stats/random.ts';
import { makeComparison } from '../test/evaluation/report/make-report.ts';
import { noChromium, startChromium } from '../test/support/chromium.ts';
import { type Figure, report } from './support/report.ts';
import { median } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const EXAMPLES = smoke ? 150 : 10_000;
const ROUNDS = smoke ? 1 : 5;
/** Answers as long as a page carries them, of so many different words: they are packed no better than real ones. */
const WORDS = 5_000;
const QUESTION =
  'How long does the platform let a function run before the answer is cut off, and which setting of the route changes that for one deployment alone, without a change of the plan that all others have?';

/** Milliseconds since loading began until verdict and examples are painted; in the page, since the way to it is none of its time. */
const SINCE_START = `new Promise((done) => {
  const look = () => requestAnimationFrame(() =>
    document.querySelector('.verdict .gate') && document.querySelector('#examples tbody tr.opens')
      ? requestAnimationFrame(() => done(performance.now()))
      : look());
  look();
})`;
/** Until the frame after the next: then what changed has been drawn. */
const TIMED = `async (selector, event, change) => {
  const element = document.querySelector(selector);
  const begun = performance.now();
  // As typing does: React tells by its own setter whether a value is new.
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), 'value').set.call(element, change);
  element.dispatchEvent(new Event(event, { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}`;

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const file = join(folder, 'report.html');
  const built = await buildFigures(file);
  const opened = noChromium === undefined ? await openFigures(file) : [];
  if (noChromium !== undefined) console.log(`\nopening and filtering: not measured (${noChromium})`);
  const met = report(`A report of ${EXAMPLES.toLocaleString('en')} examples × 4 variants`, [...built, ...opened]);
  process.exitCode = met || smoke ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}

async function buildFigures(file: string): Promise<readonly Figure[]> {
  // Bundled once per change of the page's sources; a published package carries it.
  await pageAssets();
  const questionAt = (place: number) => `${QUESTION} (${place})`;
  const made = makeComparison({ examples: EXAMPLES, questionAt, answerAt: answers() });
  let examples = await collectExamples(made.input);
  const builds: number[] = [];
  let page = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    examples = await collectExamples(made.input);
    page = await renderHtml({ ...made.data, examples });
    builds.push(performance.now() - begun);
  }
  await writeFile(file, page);
  return [
    {
      what: 'examples collected, and HTML built',
      value: Math.max(...builds) / 1_000,
      unit: 's, worst',
      asked: { atMost: 5 },
    },
    { what: 'HTML file', value: Buffer.byteLength(page) / 1e6, unit: 'MB', asked: { atMost: 15 } },
    { what: 'of these the script and the style', value: await assetSize(), unit: 'MB' },
    { what: 'examples with their outputs', value: examples.outputs.length, unit: '' },
    markdownFigure({ ...made.data, examples }),
  ];
}

function answers(): () => string {
  const { index } = randomFrom(1);
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const word = () => Array.from({ length: 2 + index(9) }, () => letters[index(letters.length)]).join('');
  const words = Array.from({ length: WORDS }, word);
  return () => {
    let text = '';
    while (text.length < REPORT_LIMITS.outputLength) text += `${words[index(WORDS)]} `;
    return text;
  };
}

async function assetSize(): Promise<number> {
  const { script, style } = await pageAssets();
  return Buffer.byteLength(script + style) / 1e6;
}

function markdownFigure(data: ReportData): Figure {
  return {
    what: 'Markdown',
    value: renderMarkdown(data).length,
    unit: 'characters',
    asked: { atMost: 65_536 },
  };
}

/** A new page each time, so that nothing is warm but the browser. */
async function openFigures(file: string): Promise<readonly Figure[]> {
  const browser = await startChromium();
  try {
    const opens: number[] = [];
    const filters: number[] = [];
    const switches: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.addInitScript(`globalThis.opened = ${SINCE_START}`);
      await page.goto(pathToFileURL(file).href);
      opens.push(await page.evaluate<number>('opened'));
      await page.locator('#examples canvas').first().waitFor({ state: 'attached' });
      filters.push(await page.evaluate(`(${TIMED})('#examples input[type=search]', 'input', 'deployment 77')`));
      switches.push(await page.evaluate(`(${TIMED})('#examples select', 'change', '2')`));
      await page.close();
    }
    const [seconds, second] = [(ms: number) => ms / 1_000, { atMost: 1 }];
    return [
      {
        what: 'opened: from the start of loading until it can be used',
        value: seconds(median(opens)),
        unit: 's, median',
        asked: second,
      },
      { what: '  of these the slowest', value: seconds(Math.max(...opens)), unit: 's' },
      { what: 'filtered by words, drawn', value: seconds(median(filters)), unit: 's, median', asked: second },
      {
        what: 'another metric, with its picture, drawn',
        value: seconds(median(switches)),
        unit: 's, median',
        asked: second,
      },
    ];
  } finally {
    await browser.close();
  }
}
