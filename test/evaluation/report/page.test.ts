/**
 * The HTML report in a browser that is cut off from any network: it opens without a complaint or a request, shows what
 * was found, and its filters, its dialog and its keys work; and nothing from outside gets a chance to run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { renderHtml } from '../../../src/evaluation/report/html.ts';
import { pageData } from '../../../src/evaluation/report/page-data.ts';
import { beyondKeys, findings } from '../../dashboard/examine.ts';
import { noChromium, startChromium } from '../../support/chromium.ts';
import { makeReport } from './make-report.ts';

if (noChromium !== undefined) console.warn(`SKIPPED: the report's page was not tested in a browser; ${noChromium}`);

/** As an id, a question and an answer: each would leave its place, or do something, if it were let. */
const HOSTILE = `</script><script>document.title = 'owned'</script><img src="https://example.org/x.png" onerror="document.title='owned'">"'&<b>`;

describe.skipIf(noChromium !== undefined)('the page, offline', () => {
  let folder: string;
  let browser: Browser;
  let data: ReportData;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-page-'));
    browser = await startChromium();
    const made = await makeReport({
      examples: 300,
      missingShare: 0.05,
      questionAt: (place) => (place === 0 ? HOSTILE : `Where is setting ${place}?`),
      answerAt: (example, variant) => `${HOSTILE} answer ${variant} to ${example}`,
    });
    data = {
      ...made,
      examples: { ...made.examples, ids: made.examples.ids.map((id, place) => (place === 1 ? HOSTILE : id)) },
      evaluations: made.evaluations.map((each) => ({ ...each, address: `javascript:document.title='owned'` })),
    };
    await writeFile(join(folder, 'report.html'), await renderHtml(data));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  interface Opened {
    readonly page: Page;
    /** Requests other than for the file itself, and whatever the page complained of. */
    readonly noise: readonly string[];
  }

  async function open(width = 1280): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true });
    const page = await context.newPage();
    const noise: string[] = [];
    const address = pathToFileURL(join(folder, 'report.html')).href;
    page.on('request', (request) => {
      if (request.url() !== address) noise.push(request.url());
    });
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    await page.goto(address);
    await page.locator('#examples tr.opens').first().waitFor();
    return { page, noise };
  }

  const examples = (page: Page) => page.locator('#examples');
  const rowAt = (page: Page, place: number) => page.locator(`#examples tr[data-place="${place}"]`);
  const dialogOf = (page: Page) => page.getByRole('dialog');
  /** `12 of 300`, once the table has drawn that many. */
  const shows = (page: Page, count: number) =>
    page.getByRole('status').getByText(`${count} of 300`, { exact: true }).waitFor();
  const metricOf = (name: string) => data.report.metrics.find((metric) => metric.name === name)!;
  const chartAt = async (page: Page, name: string | RegExp) => {
    const canvas = page.getByRole('img', { name }).locator('canvas').first();
    await canvas.waitFor();
    return canvas;
  };
  const drawBox = async (page: Page, name: string | RegExp, from: readonly number[], to: readonly number[]) => {
    const canvas = await chartAt(page, name);
    await canvas.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await canvas.boundingBox())!;
    const at = ([across, up]: readonly number[]) => [x + width * across!, y + height * up!] as const;
    await page.mouse.move(...at(from));
    await page.mouse.down();
    await page.mouse.move(...at([(from[0]! + to[0]!) / 2, (from[1]! + to[1]!) / 2]), { steps: 4 });
    await page.mouse.move(...at(to), { steps: 4 });
    await page.mouse.up();
  };

  it('says nothing, asks for nothing, and shows what was found', async () => {
    const { page, noise } = await open();
    const { metrics, sides } = pageData(data);
    expect(await page.title()).toContain('docs-bot: hybrid, hybrid + rerank, rewrite against baseline');
    const answer = await page.locator('#answer').textContent();
    for (const sentence of [...data.gate.sentences.slice(1), ...data.report.headline])
      expect(answer).toContain(sentence);
    await page.getByLabel('that decide nothing').check();
    const cards = page.locator('#metrics .card');
    expect(await cards.locator('h3').allTextContents()).toEqual(metrics.map(({ name }) => name));
    for (const [place, { sides: own, words }] of metrics.entries()) {
      const card = cards.nth(place);
      const verdicts = words.map(({ word }, at) => `${sides[own[at]!.side]}: ${word}`);
      expect(await card.locator('.badge').allTextContents()).toEqual(verdicts);
      const harmed = verdicts.filter((_, at) => words[at]!.tone === 'harm');
      expect(await card.locator('.badge.harm').allTextContents()).toEqual(harmed);
      const text = await card.textContent();
      for (const { sentences, guardrail } of own)
        for (const sentence of guardrail?.sentences ?? sentences) expect(text).toContain(sentence);
    }
    expect(await cards.nth(1).textContent()).toMatch(/\d+ openai: rate limited \(429\)/);
    expect(await page.locator('#method').textContent()).toContain('exact McNemar');
    for (const { name } of metrics) await chartAt(page, `Means of ${name} with intervals; the table below has them`);
    for (const name of ['All metrics of each side', 'baseline across and hybrid up', 'against how long it took'])
      await chartAt(page, new RegExp(name));
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('leads to its sections, and from a verdict and from a tag to their examples', async () => {
    const { page, noise } = await open();
    for (const link of await page.getByRole('navigation', { name: 'Sections' }).getByRole('link').all()) {
      await link.click();
      const section = (await link.getAttribute('href'))!;
      const { y, height } = (await page.locator(section).boundingBox())!;
      expect(y < 900 && y + height > 0, section).toBe(true);
    }
    await page.getByTitle('Examples of latency, rewrite', { exact: true }).click();
    await page.getByRole('region', { name: 'Examples by latency' }).waitFor();
    expect(await examples(page).getByLabel('Against the baseline').inputValue()).toBe('2');
    await page.getByRole('button', { name: 'Examples of howto, hybrid', exact: true }).first().click();
    await shows(page, 60);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('filters by outcome, words, tag and box, and shows all again', async () => {
    const { page, noise } = await open();
    const { wins, losses, ties } = data.report.metrics[0]!.sides[0]!;
    const outcomes = await examples(page).getByLabel('Outcome').locator('option').allTextContents();
    expect(outcomes.slice(0, 4)).toEqual(['all (300)', `worse (${losses})`, `equal (${ties})`, `better (${wins})`]);
    await examples(page).getByLabel('Outcome').selectOption('worse');
    await shows(page, losses);
    for (const outcome of await examples(page).locator('tr.opens td:first-child').allTextContents())
      expect(outcome).toMatch(/^▼ worse/);
    await page.getByRole('button', { name: 'Show all' }).click();
    await shows(page, 300);
    await examples(page).getByLabel('Words').fill('SETTING 117?');
    await shows(page, 1);
    await examples(page).getByLabel('Words').fill('no such words');
    await page.getByText('No example is like that').waitFor();
    await examples(page).getByLabel('Words').fill('');
    await examples(page).getByLabel('Tag').selectOption('howto');
    await shows(page, 60);
    await page.getByRole('button', { name: 'Show all' }).click();
    // Of the rate each corner of the picture is one of four kinds of pairs; the lower right are those that broke.
    await examples(page).getByLabel('Metric').selectOption('correct');
    await drawBox(page, /^correct of each example, baseline across/, [0.6, 0.6], [0.97, 0.85]);
    await shows(page, metricOf('correct').sides[0]!.losses);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('takes a box by numbers where none can be drawn', async () => {
    const { page, noise } = await open();
    await examples(page).getByLabel('Metric').selectOption('correct');
    await page.getByText('Box by numbers').first().click();
    await page.getByLabel('baseline from').fill('50');
    await page.getByLabel('hybrid to').fill('50');
    await page.keyboard.press('Enter');
    await shows(page, metricOf('correct').sides[0]!.losses);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('sorts by each column, either way', async () => {
    const { page } = await open();
    const heading = page.getByRole('columnheader', { name: 'Example' });
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    expect(await rowAt(page, 2).textContent()).toContain('Where is setting 2?');
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await page.context().close();
  });

  it('shows missing values as missing, with their reason', async () => {
    const { page } = await open();
    await examples(page).getByLabel('Metric').selectOption('correct');
    await examples(page).getByLabel('Outcome').selectOption('missing');
    await shows(page, metricOf('correct').sides[0]!.missing.cells);
    expect(await rowAt(page, 0).locator('td').nth(3).textContent()).toBe('–');
    expect(await rowAt(page, 0).locator('td').first().textContent()).toContain('openai: rate limited (429)');
    await rowAt(page, 0).click();
    const values = dialogOf(page).getByRole('row', { name: /^correct / });
    expect(await values.textContent()).toContain('openai: rate limited (429)');
    await page.context().close();
  });

  it('has in the page only the rows in view, and goes to all of them by keys', async () => {
    const { page, noise } = await open();
    const rows = examples(page).locator('tr.opens');
    expect(await rows.count()).toBeLessThan(100);
    expect(await examples(page).getByRole('table').getAttribute('aria-rowcount')).toBe('301');
    await rowAt(page, 0).focus();
    await page.keyboard.press('End');
    await page.locator('tr[data-place="299"]:focus').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.locator('tr[data-place="298"]:focus').waitFor();
    expect(await rows.count()).toBeLessThan(100);
    await page.keyboard.press('Home');
    await page.locator('tr[data-place="0"]:focus').waitFor();
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('opens an example by keys alone, with both answers and what differs', async () => {
    const { page, noise } = await open();
    await page.getByRole('region', { name: 'Examples by recall@10' }).focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('tr[data-place="1"]:focus').waitFor();
    await page.keyboard.press('Enter');
    const dialog = dialogOf(page);
    await dialog.getByText('2 of 300').waitFor();
    expect(await dialog.locator('.said-words del').first().textContent()).toBe('0');
    expect(await dialog.locator('.said-words ins').first().textContent()).toBe('1');
    expect(await dialog.textContent()).toContain('judge: ');
    expect(await dialog.locator('.said-words').first().textContent()).toContain(HOSTILE);
    await page.keyboard.press('ArrowRight');
    await dialog.getByText('3 of 300').waitFor();
    await page.keyboard.press('Escape');
    // What was looked at last has the focus, once the dialog has said that it is closed.
    await page.locator('tr[data-place="2"]:focus').waitFor();
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('says of an example whose answers it lacks that it lacks them', async () => {
    const { page } = await open();
    const { ids, outputs, questions } = data.examples;
    const kept = new Set(outputs.map(({ example }) => example));
    const lacking = [...ids.keys()].findLast((example) => !kept.has(example))!;
    await examples(page).getByLabel('Words').fill(questions[lacking]!);
    await rowAt(page, 0).click();
    await dialogOf(page).getByText('the examples that differ most, and none of this one').waitFor();
    expect(
      await dialogOf(page)
        .getByRole('row', { name: /^recall@10 / })
        .count(),
    ).toBe(1);
    await page.context().close();
  });

  it('runs nothing and loads nothing that ids, questions, answers and addresses ask for', async () => {
    const { page, noise } = await open();
    await examples(page).getByLabel('Words').fill('onerror');
    await shows(page, 2);
    await rowAt(page, 0).click();
    expect(await dialogOf(page).textContent()).toContain('<img src=');
    expect(await page.title()).not.toBe('owned');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('fits a phone: only tables are wider, and scroll by themselves', async () => {
    const { page, noise } = await open(390);
    await chartAt(page, /against how long it took/);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(390);
    await rowAt(page, 0).click();
    await dialogOf(page).waitFor();
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(390);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('is light or dark as the system is, and as the reader chooses', async () => {
    const { page, noise } = await open();
    const ground = () => page.evaluate(`getComputedStyle(document.documentElement).backgroundColor`);
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await ground();
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.getByRole('button', { name: 'Theme: auto' }).click();
    expect(await ground()).toBe(light);
    await page.getByRole('button', { name: 'Theme: light' }).click();
    expect(await ground()).toBe(dark);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('has nothing that is beyond screen readers and keys, in light and dark, with and without a dialog', async () => {
    const { page } = await open();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await findings(page), colorScheme).toEqual([]);
    }
    expect(await beyondKeys(page)).toEqual([]);
    await rowAt(page, 0).click();
    await dialogOf(page).waitFor();
    expect(await findings(page), 'the dialog').toEqual([]);
    await page.context().close();
  });
});
