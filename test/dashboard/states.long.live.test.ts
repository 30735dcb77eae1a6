/**
 * Every screen in each of its states: with nothing to show, while it reads, when the server fails, and when a part of it
 * does. Each says so in words, with what to do, inside the window; a picture of each is kept in `reports/states`.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/store/api-keys.ts';
import { helped, tokenSteps, told } from '../runtime/token-steps.ts';
import { type Api, keyOf, startApi } from '../server/api-support.ts';
import { startOf } from '../store/experiment-helpers.ts';
import { monitorSpec } from '../store/suite-monitors.ts';
import { noChromium, startChromium } from '../support/chromium.ts';
import { settled, signIn } from '../support/dashboard.ts';
import { type Live, startLive } from '../support/live.ts';
import { openQueues } from './queues.ts';
import { SEEN, type SeenScreen } from './seen.ts';

const PICTURES = join(process.cwd(), 'reports/states');
const PATIENCE_MS = 60_000;
const WINDOW = { width: 1280, height: 800 };
const OUTAGE = { status: 503, code: 'outage', detail: 'the database is away', remedy: 'start it, then try again' };

test('every screen is looked at in its states', async () => {
  const text = await readFile(join(import.meta.dirname, '../../dashboard/screens.ts'), 'utf8');
  const there = [...text.matchAll(/path: '([^']+)'/g)].map(([, path]) => path);
  expect(SEEN.map(({ screen }) => screen)).toEqual(there);
});

describe.skipIf(noChromium)('the states of screens', () => {
  let live: Live;
  let browser: Browser;
  /** Of a project with pipelines, and of one without. */
  let api: Api;
  let bare: Api;
  let context: BrowserContext;
  const ids = { RUN: '', EXPERIMENT: '', MONITOR: '' };

  beforeAll(async () => {
    await mkdir(PICTURES, { recursive: true });
    live = await startLive(tokenSteps());
    [api, bare, browser] = await Promise.all([startApi(live, [told, helped]), startApi(live, []), startChromium()]);
    context = await browser.newContext({ viewport: WINDOW });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    // Cookies are of a host, whatever the port: who is in here is in at the other one.
    await signIn(page, bare.url, await keyOf(live, 'everything', SCOPES));
  });
  afterAll(async () => {
    await browser?.close();
    await api?.close(1_000);
    await bare?.close(1_000);
    await live?.stop();
  });

  /** Several are looked at side by side, each in a window of its own: much of it is waiting. */
  const inWindow = (look: (page: Page, seen: SeenScreen) => Promise<void>) => async (seen: SeenScreen) => {
    const page = await context.newPage();
    try {
      await look(page, seen);
    } finally {
      await page.close();
    }
  };

  /** The words are in the window, wholly across it, and a picture is kept. */
  const picture = async (page: Page, { screen }: SeenScreen, state: string, words: Locator) => {
    await words.waitFor();
    // In one step in the page: between two, the words may be drawn anew.
    const isInWindow = async () => {
      const box = await words.evaluate((element) => {
        element.scrollIntoView({ block: 'nearest' });
        const { x, y, width } = element.getBoundingClientRect();
        return { x, y, width };
      });
      return box.x >= 0 && box.x + box.width <= WINDOW.width && box.y >= 0 && box.y < WINDOW.height;
    };
    await until(page, `${state} of ${screen} is in the window`, isInWindow);
    const name = `${screen.slice(1).replaceAll(/[/:]+/g, '-')}-${state}.png`;
    const image = await page.screenshot({ path: join(PICTURES, name) });
    expect(image.length).toBeGreaterThan(1_000);
  };
  const pathOf = ({ full }: SeenScreen) => full.replaceAll(/RUN|EXPERIMENT|MONITOR/g, (name) => ids[name as 'RUN']);
  /** Until it is undone, the API does as it is told here. */
  const withApi = async (page: Page, act: (route: Route) => Promise<void>, work: () => Promise<void>) => {
    await page.route('**/v1/**', act);
    try {
      await work();
    } finally {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    }
  };
  const fail = (route: Route) => route.fulfill({ status: OUTAGE.status, json: OUTAGE });

  describe('empty: what fills it', () => {
    test.concurrent.each(SEEN)(
      '$screen',
      inWindow(async (page, seen) => {
        const [path, words] = seen.empty;
        await page.goto(`${bare.url}/ui${path}`);
        const said = page.locator('main .state:is(.empty, .failed)').first();
        await picture(page, seen, 'empty', said);
        expect(await said.textContent()).toContain(words);
      }),
    );
  });

  describe('with something to show', () => {
    beforeAll(async () => {
      const key = await keyOf(live, 'asks', ['ask']);
      ids.RUN = (await api.ask(key, 'POST', '/v1/pipelines/told/runs', ASKED)).body.runId;
      await live.client.deploy({ pipeline: told.id, plan: told.plan, by: 'test', why: 'to be seen' });
      ids.EXPERIMENT = (await startOf(live, 'shown', told.id)).experimentId;
      ids.MONITOR = (await live.store.monitors.start(monitorSpec('seen'), { by: 'mo', why: 'to be seen' })).monitorId;
      await openQueues(live.store);
    });

    test.concurrent.each(SEEN)(
      'loading: what is read, on $screen',
      inWindow(async (page, seen) => {
        await withApi(
          page,
          () => new Promise(() => {}),
          async () => {
            await page.goto(`${api.url}/ui${pathOf(seen)}`, { waitUntil: 'commit' });
            const said = page.locator('main .state[role="status"]').first();
            await picture(page, seen, 'loading', said);
            expect(await said.textContent()).toMatch(/Reading .+ …/);
          },
        );
      }),
    );

    test.concurrent.each(SEEN)(
      'error: what went wrong, and what to do, on $screen',
      inWindow(async (page, seen) => {
        await withApi(page, fail, async () => {
          await page.goto(`${api.url}/ui${pathOf(seen)}`);
          const said = page.locator('main .state.failed').first();
          await picture(page, seen, 'error', said);
          expect(await said.textContent()).toContain(`${OUTAGE.detail}${OUTAGE.remedy}`);
        });
        const failed = page.locator('main .state.failed');
        const again = failed.first().getByRole('button', { name: 'Try again' });
        await until(page, `${seen.screen} is read again`, async () => {
          if ((await failed.count()) > 0) await again.press('Enter');
          return (await failed.count()) === 0;
        });
      }),
    );

    test.concurrent.each(SEEN.filter(({ isWhole }) => !isWhole))(
      'partial: the rest is there, on $screen',
      inWindow(async (page, seen) => {
        let first: string | undefined;
        const allButFirst = (route: Route) => {
          first ??= route.request().url();
          return route.request().url() === first ? route.continue() : fail(route);
        };
        await withApi(page, allButFirst, async () => {
          await page.goto(`${api.url}/ui${pathOf(seen)}`);
          // Of what failed, a part may be in a menu that is closed.
          const said = page.locator('main').getByText(OUTAGE.detail).filter({ visible: true }).first();
          await picture(page, seen, 'partial', said);
        });
      }),
    );

    const isReadAgain = ({ isWhole, isOnce }: SeenScreen) => isWhole && !isOnce;
    test.concurrent.each(SEEN.filter(isReadAgain))(
      'partial: what was read before stays, on $screen',
      inWindow(async (page, seen) => {
        await page.goto(`${api.url}/ui${pathOf(seen)}`);
        await settled(page);
        await withApi(page, fail, async () => {
          await readAgain(page);
          await picture(page, seen, 'partial', page.locator('main').getByText('may be out of date').first());
        });
      }),
    );
  });
});

const ASKED = { input: { text: 'one' } };

/** As when somebody comes back to the window later: what was read is old by then. */
async function readAgain(page: Page): Promise<void> {
  await page.evaluate(
    "const now = Date.now; Date.now = () => now() + 60_000; window.dispatchEvent(new Event('visibilitychange'))",
  );
}

const POLL_MS = 50;

/** `expect.poll` does not know which of several tests side by side it is in. */
async function until(page: Page, what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`it never came: ${what}`);
    await page.waitForTimeout(POLL_MS);
  }
}
