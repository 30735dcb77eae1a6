/** How tests and benchmarks come into the dashboard, and know that it shows something. */
import type { Page } from 'playwright-core';

/** @param url of the API; somebody who has no session there yet */
export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/ui/`);
  await giveKey(page, key);
  await page.locator('main h1').waitFor();
}

/** Where the key is asked for; it may be refused. */
export async function giveKey(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A screen is there, and nothing of it is being read any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.locator('.spinner').first().waitFor({ state: 'detached' });
}
