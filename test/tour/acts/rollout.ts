/** The variant that won offline, tried on live traffic, approved, rolled out, and found again in Temporal. */
import type { Page } from 'playwright-core';
import { QUESTIONS_ASKED } from '../stage.ts';
import type { Visit } from '../visit.ts';

const EXPERIMENT = 'read-all-pages';
const UNTIL_DECIDED_MS = 900_000;

/** Gives the experiment's id once its winner serves everybody. */
export async function rollOut({ stage, page, open, shoot }: Visit): Promise<string> {
  const { experimentId } = JSON.parse(
    await stage.sluice('experiment', 'start', EXPERIMENT, '--force', '--why', 'it won offline', '--json'),
  ) as { experimentId: string };
  const traffic = stage.begin(
    ...['simulate', 'docs-bot', '--dataset', QUESTIONS_ASKED, '--users', '100000', '--requests', '20000'],
    ...['--rating', '1', '--noise', '0.05', '--looks-at', '10', '--quiet'],
  );
  await open(`/experiments/${experimentId}`);
  const approve = page.getByRole('button', { name: 'Approve…' });
  await approve.waitFor({ timeout: UNTIL_DECIDED_MS });
  await page.reload();
  await shoot('experiment');
  await open(`/experiments/${experimentId}/brief`);
  await shoot('decision-brief');
  await approve.click();
  await page.getByLabel('Why?').fill('More thumbs up, and no harm seen');
  await shoot('approve');
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await open(`/experiments/${experimentId}`);
  await page.locator('header .badge', { hasText: 'promoted' }).waitFor({ timeout: UNTIL_DECIDED_MS });
  await traffic.stop();
  await page.reload();
  await shoot('rolled-out');
  await open('/pipelines/docs-bot');
  await shoot('pipeline');
  return experimentId;
}

/** The same run, in the UI of the server that ran it. */
export async function findInTemporal({ stage, page, open }: Visit, runId: string, window: Page): Promise<string> {
  await open(`/runs/${runId}`);
  const url = await page.locator('#main').getByRole('link', { name: 'Temporal UI' }).getAttribute('href');
  await window.goto(url!);
  await window.getByText(runId).first().waitFor();
  return url ?? stage.url;
}
