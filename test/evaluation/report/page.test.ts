/**
 * The HTML report in a browser that is cut off from any network: it opens without a complaint or a request, shows what
 * was found, and its filters, its box and its keys work; and nothing from outside gets a chance to run.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { renderHtml } from '../../../src/evaluation/report/html.ts';
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
    await page.waitForFunction(`document.documentElement.dataset.state !== undefined`);
    return { page, noise };
  }

  const status = (page: Page) => page.getByRole('status').textContent();
  const count = (outcome: string, page: Page) =>
    page.locator('.segments label', { hasText: outcome }).locator('.count').textContent();

  it('says nothing, asks for nothing, and shows what was found', async () => {
    const { page, noise } = await open();
    expect(await page.evaluate(`document.documentElement.dataset.state`)).toBe('ready');
    for (const chart of await page.locator('[data-chart]').all()) await chart.scrollIntoViewIfNeeded();
    await page.waitForFunction(
      `[...document.querySelectorAll('.chart')].every((chart) => chart.querySelector('canvas'))`,
    );
    expect(await page.locator('#answer').textContent()).toContain(data.gate.sentences[1]);
    for (const sentence of data.report.headline)
      expect(await page.locator('.headline').textContent()).toContain(sentence);
    expect(await page.locator('.card h4').allTextContents()).toEqual(data.report.metrics.map(({ name }) => name));
    expect(await page.title()).toBe('docs-bot: hybrid, hybrid + rerank, rewrite against baseline');
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('filters by outcome, words, tag and box, and clears all of it', async () => {
    const { page, noise } = await open();
    const { wins, losses, ties } = data.report.metrics[0]!.sides[0]!;
    expect([await count('better', page), await count('worse', page), await count('equal', page)]).toEqual([
      `${wins}`,
      `${losses}`,
      `${ties}`,
    ]);
    await page.locator('.segments label', { hasText: 'worse' }).click();
    expect(await status(page)).toBe(`${losses} of 300 examples`);
    expect(await page.locator('.examples tbody .outcome').allTextContents()).not.toContain('▲ better');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    expect(await status(page)).toBe('300 of 300 examples');
    await page.getByLabel('Search examples').fill('SETTING 117?');
    expect(await status(page)).toBe('1 of 300 examples');
    await page.getByLabel('Search examples').fill('');
    await page.locator('[data-examples]').getByLabel('Tag').selectOption('howto');
    expect(await status(page)).toBe('60 of 300 examples');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    // Of the rate each corner of the picture is one of four kinds of pairs; the lower right are those that broke.
    await page.locator('[data-examples]').getByLabel('Metric').selectOption('correct (higher is better)');
    await page.locator('.box canvas').scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await page.locator('.box canvas').boundingBox())!;
    await page.mouse.move(x + width * 0.6, y + height * 0.6);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.9, y + height * 0.8, { steps: 4 });
    await page.mouse.move(x + width * 0.99, y + height * 0.87, { steps: 4 });
    await page.mouse.up();
    const broken = data.report.metrics[1]!.sides[0]!.losses;
    await page.getByText(`${broken} of 300 examples`, { exact: true }).waitFor();
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('shows missing values as missing, with their reason', async () => {
    const { page } = await open();
    await page.locator('[data-examples]').getByLabel('Metric').selectOption('correct (higher is better)');
    await page.locator('.segments label', { hasText: 'missing' }).click();
    const lacking = await count('missing', page);
    expect(Number(lacking)).toBe(data.report.metrics[1]!.sides[0]!.missing.cells);
    const row = page.locator('.examples tbody tr[data-place="0"]');
    expect(await row.locator('.difference .line').first().textContent()).toBe('–');
    expect(await row.locator('.outcome').textContent()).toContain('openai: rate limited (429)');
    await page.context().close();
  });

  it('opens an example by keys alone, with both answers and what differs', async () => {
    const { page, noise } = await open();
    await page.getByRole('region', { name: 'Examples', exact: true }).last().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.locator('header').textContent()).toContain('2 of 300');
    expect(await dialog.locator('.output del').first().textContent()).toBe('0');
    expect(await dialog.locator('.output ins').first().textContent()).toBe('1');
    expect(await dialog.locator('.remark').first().textContent()).toContain('judge: ');
    expect(await dialog.locator('.output').first().textContent()).toContain(HOSTILE);
    await page.keyboard.press('ArrowRight');
    expect(await dialog.locator('header').textContent()).toContain('3 of 300');
    await page.keyboard.press('Escape');
    // What was looked at last has the focus, once the dialog has said that it is closed.
    await page.locator('tr[data-place="2"]:focus').waitFor();
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('runs nothing and loads nothing that ids, questions and answers ask for', async () => {
    const { page, noise } = await open();
    await page.getByLabel('Search examples').fill('onerror');
    expect(await status(page)).toBe('2 of 300 examples');
    await page.locator('.examples tbody tr[data-place="0"]').click();
    expect(await page.getByRole('dialog').textContent()).toContain('<img src=');
    expect(await page.title()).not.toBe('owned');
    expect(await page.locator('img').count()).toBe(0);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('fits a phone: only tables and the row of sections are wider, and scroll by themselves', async () => {
    const { page, noise } = await open(390);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(390);
    expect(noise).toEqual([]);
    await page.context().close();
  });

  it('is light or dark as the system is, and as the reader chooses', async () => {
    const { page, noise } = await open();
    const ground = () => page.evaluate(`getComputedStyle(document.body).backgroundColor`);
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
});
