/** Two experts at a review queue: by keys, blind to each other, and what they do not agree on is decided. */
import type { Page } from 'playwright-core';
import type { Visit } from '../visit.ts';

const ITEMS = 4;
const EXPERTS = ['first-expert', 'second-expert'] as const;
/** Whether it is solved, how clear it is, what it lacks: by the keys that the page shows. */
const GOOD = ['y', '4', '1'] as const;
const BAD = ['n', '2', '3'] as const;
const MAY_REVIEW = ['feedback'] as const;

/** A rubric on single answers, then pairs of answers without their names. */
export async function review(visit: Visit, evaluationId: string): Promise<void> {
  const { page, open, shoot, stage } = visit;
  const windows = await Promise.all(EXPERTS.map((name) => stage.enter(name, MAY_REVIEW)));
  await startQueue(visit, evaluationId, 'helpful');
  const said = [GOOD, BAD, GOOD, BAD];
  await sayOfAll(visit, windows[0]!, 'helpful', (item) => said[item % said.length]!, 'review');
  // The second says otherwise of the first item, and the same of the others.
  await sayOfAll(visit, windows[1]!, 'helpful', (item) => (item === 0 ? BAD : said[item % said.length]!));
  await open('/reviews/helpful');
  await page.getByText('Krippendorff', { exact: false }).first().waitFor();
  await shoot('review-queue');
  await decide(visit);
  await startQueue(visit, evaluationId, 'preferred');
  await sayOfAll(visit, windows[0]!, 'preferred', (item) => [item % 2 === 0 ? '1' : '2'], 'review-pair');
  await sayOfAll(visit, windows[1]!, 'preferred', () => ['0']);
  await open('/reviews');
  await shoot('reviews');
}

async function startQueue({ page, open, shoot }: Visit, evaluationId: string, scorer: string): Promise<void> {
  await open('/reviews');
  await page.getByRole('button', { name: 'Start a queue' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Evaluation').selectOption(evaluationId);
  await dialog.getByLabel('In the words of which scorer').selectOption(scorer);
  await dialog.getByLabel('How many').fill(String(ITEMS));
  if (scorer === 'helpful') await shoot('start-queue');
  await dialog.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('heading', { name: scorer, exact: true }).waitFor();
}

/** Item after item by the keys that the page shows, until nothing is left. */
async function sayOfAll(
  { open, shoot }: Visit,
  window: Page,
  queue: string,
  keysOf: (item: number) => readonly string[],
  picture?: string,
): Promise<void> {
  await open(`/reviews/${queue}/review`, window);
  const form = window.getByRole('form', { name: 'Your review' });
  const done = window.getByText('All done', { exact: false });
  for (let item = 0; ; item += 1) {
    await form.or(done).first().waitFor();
    if (await done.isVisible()) return;
    const heading = window.getByRole('heading', { name: /^Item / });
    const here = (await heading.textContent()) ?? '';
    for (const key of keysOf(item)) await window.keyboard.press(key);
    if (item === 0 && picture !== undefined) await shoot(picture, undefined, window);
    await window.keyboard.press('Enter');
    await heading.filter({ hasNotText: here }).or(done).first().waitFor();
  }
}

/** Somebody who may decide reads both sides, and says what holds. */
async function decide({ page, open, shoot }: Visit): Promise<void> {
  await open('/reviews/helpful?state=disputed');
  await page.locator('tbody tr.opens').first().press('Enter');
  const form = page.locator('form.decide');
  await form.waitFor();
  await shoot('review-disputed', page.getByRole('heading', { name: 'Decide' }));
  await form.getByLabel('No', { exact: false }).first().check();
  await form.getByLabel('3', { exact: true }).check();
  await form.getByLabel('steps', { exact: false }).first().check();
  await form.getByLabel('Why?', { exact: false }).fill('The page that it names has other steps');
  await form.getByRole('button', { name: 'Decide' }).click();
  await page.getByText('settled').first().waitFor();
}
