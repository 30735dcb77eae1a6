/** The dashboard in a browser, over a live API: every screen, in both themes, with and without something to show. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/store/api-keys.ts';
import { putEvaluation } from '../evaluation/report/put-evaluation.ts';
import { helped, tokenSteps, told } from '../runtime/token-steps.ts';
import { type Api, keyOf, startApi } from '../server/api-support.ts';
import { startOf } from '../store/experiment-helpers.ts';
import { noChromium, startChromium } from '../support/chromium.ts';
import { giveKey, settled } from '../support/dashboard.ts';
import { type Live, startLive } from '../support/live.ts';
import { beyondKeys, findings } from './examine.ts';
import { openQueues } from './queues.ts';

if (noChromium) console.warn(`${noChromium}: the dashboard is not looked at`);

const AHEAD = '/v1/comparisons/ahead';

describe.skipIf(noChromium)('the dashboard', () => {
  let live: Live;
  let api: Api;
  let browser: Browser;
  let page: Page;
  /** What went wrong in the page, or was blocked by its policy. */
  const complaints: string[] = [];
  let runId: string;
  let experimentId: string;
  let evaluationId: string;

  beforeAll(async () => {
    live = await startLive(tokenSteps());
    api = await startApi(live, [told, helped]);
    evaluationId = await putEvaluation(live.store, 12);
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(api.url)) complaints.push(`asked ${request.url()}`);
    });
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close(1_000);
    await live?.stop();
  });

  const open = async (path: string) => {
    await page.goto(`${api.url}/ui${path}`);
    await settled(page);
  };

  test('lets nobody in without a key, and says so of a wrong one', async () => {
    await page.goto(`${api.url}/ui/`);
    await giveKey(page, await keyOf(live, 'asker', ['ask']));
    expect(await page.getByRole('alert').textContent()).toContain('may not do this');
    expect(await findings(page)).toEqual([]);
    complaints.length = 0; // the browser writes down that it was refused
    await giveKey(page, await keyOf(live, 'everything', SCOPES));
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  });

  test('an empty list says what fills it', async () => {
    expect(await page.locator('.state.empty').textContent()).toContain('sluice ask');
    await open('/experiments');
    expect(await page.locator('.state.empty').textContent()).toContain('sluice experiment plan');
  });

  test('what may be compared next is made ahead, and is a comparison once it is looked at', async () => {
    const { evaluations } = live.store;
    const { version } = (await evaluations.get(evaluationId)).spec.dataset;
    const comparisons = () => evaluations.nextComparisonCount(version, []);
    const made = () => page.waitForResponse((response) => response.url().includes(AHEAD) && response.status() === 204);
    const newest = made();
    await open('/evaluations');
    expect((await newest).url()).toContain(`${AHEAD}?ids=${evaluationId}`);
    await page.getByLabel(`Compare ${evaluationId}`).check();
    expect(await comparisons()).toBe(0);
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.locator('.verdict .gate').waitFor();
    expect(await comparisons()).toBe(3);
  });

  test('a cookie alone, as another site would send it, is not taken', async () => {
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const asked = (headers: Record<string, string>) =>
      api.ask(null, 'GET', '/v1/runs', undefined, { cookie: cookies, ...headers });
    expect([(await asked({})).status, (await asked({ 'x-sluice-session': '1' })).status]).toEqual([401, 200]);
  });

  test('runs are filtered, and open', async () => {
    const key = await keyOf(live, 'asks', ['ask', 'feedback']);
    for (const input of [{ text: 'one' }, { text: 'two' }, { text: 'x', failures: 3 }])
      runId = (await api.ask(key, 'POST', '/v1/pipelines/told/runs', { input })).body.runId;
    await live.client.deploy({ pipeline: told.id, plan: told.plan, by: 'test', why: 'to be seen' });
    experimentId = (await startOf(live, 'shown', told.id)).experimentId;
    await open('/runs');
    await expect.poll(() => page.locator('tbody tr.opens').count()).toBe(3);
    await page.getByLabel('Value').fill('failed');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await expect.poll(() => page.locator('tbody tr.opens').count()).toBe(1);
    expect(page.url()).toContain('view=');
    await page.locator('tbody tr.opens').press('Enter');
    await page.waitForURL(`**/runs/${runId}`);
    await page.goBack();
    await expect.poll(() => page.locator('tbody tr.opens').count()).toBe(1);
  });

  test('an expert reviews by keys, and goes back to change it', async () => {
    await openQueues(live.store);
    await open('/reviews/seen/review');
    const [said, title] = [page.locator('main > [role=status]'), page.locator('#item-title')];
    await title.waitFor();
    for (const key of ['y', '4', '2', '0']) await page.keyboard.press(key);
    await page.keyboard.type('.5');
    await page.reload();
    await title.waitFor();
    expect(await page.locator('.option:has(:checked) > span:first-of-type').allTextContents()).toEqual([
      'Yes',
      '4',
      'curt',
    ]);
    await page.keyboard.press('Enter');
    await expect.poll(() => said.textContent()).toBe('Saved. Item 3 of 3.');
    await page.keyboard.press('u');
    await expect.poll(() => title.textContent()).toContain('Item 2 of 3 · you have reviewed it');
    await page.keyboard.press('w');
    await page.keyboard.type('yes');
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => title.textContent()).toBe('Item 3 of 3');
    const { reviews } = (await live.store.reviews.items('seen'))[1]!;
    const value = { grounded: true, grade: 4, tone: 'curt', share: 0.5 };
    expect(reviews).toMatchObject([{ reviewer: 'everything', value, note: 'yes' }]);
  });

  const paths = () => [
    ...[
      '/runs',
      `/runs/${runId}`,
      '/experiments',
      `/experiments/${experimentId}`,
      `/experiments/${experimentId}/brief`,
    ],
    ...[
      '/pipelines',
      `/pipelines/${told.id}`,
      '/monitors',
      '/evaluations',
      `/compare?ids=${evaluationId}`,
      `/compare?ids=${evaluationId}&example=question-00003`,
      '/leaderboard',
      '/datasets',
      '/reviews',
      '/reviews/seen?item=1',
      '/reviews/seen/review',
      '/reviews/pairs/review',
      '/playground',
      '/audit',
      '/nowhere',
    ],
  ];

  test.each(['light', 'dark'] as const)(
    'no screen has a serious finding of axe, or is beyond keys, in %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const found: string[] = [];
      for (const path of paths()) {
        await open(path);
        found.push(...(await beyondKeys(page)).map((what) => `${path} no key reaches ${what}`));
        found.push(...(await findings(page)).map((finding) => `${path} ${finding}`));
      }
      expect(found).toEqual([]);
    },
  );

  test('no screen is wider than a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const wide: string[] = [];
    for (const path of paths()) {
      await open(path);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 390) wide.push(`${path}: ${width}`);
    }
    expect(wide).toEqual([]);
    const [menu, place] = [page.locator('.nav-button'), page.locator('#places a', { hasText: 'Leaderboard' })];
    expect(await place.isVisible()).toBe(false);
    await menu.press('Enter');
    expect(await place.isVisible()).toBe(true);
    expect(await findings(page)).toEqual([]);
    await place.press('Escape');
    expect(await menu.evaluate('document.activeElement.className')).toBe('nav-button');
    expect(await place.isVisible()).toBe(false);
  });

  test('nothing went wrong in the page, and nothing was asked of others', () => {
    expect(complaints).toEqual([]);
  });

  test('a server that is gone is said in words', async () => {
    await page.route('**/v1/**', (route) => route.abort());
    await page.goto(`${api.url}/ui/audit`);
    expect(await page.getByRole('alert').textContent()).toContain('sluice serve');
    await page.unroute('**/v1/**');
  });

  test('whoever signs out is out', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await open('/audit');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
  });
});
