/** Runs: one of them as a tree of spans, those that people did not like, and what is made of them. */
import { QUESTIONS_ASKED } from '../stage.ts';
import type { Visit } from '../visit.ts';

const QUESTION = 'How do I stream a response to the client?';

/** Asks a question, and looks at what happened: each step, its time, its tokens and its money. Gives the run's id. */
export async function lookAtTrace({ stage, page, open, shoot }: Visit): Promise<string> {
  const { runId } = JSON.parse(await stage.sluice('ask', 'docs-bot', QUESTION, '--json')) as { runId: string };
  await open(`/runs/${runId}`);
  const tree = page.getByRole('treegrid', { name: 'Trace of the run' });
  await tree.getByText('draft', { exact: false }).first().click();
  await shoot('trace');
  return runId;
}

/** People ask and rate; those who did not like their answer are found, and the view is kept under a name. */
export async function saveView({ stage, page, open, shoot }: Visit): Promise<void> {
  await stage.sluice(
    ...['simulate', 'docs-bot', '--dataset', QUESTIONS_ASKED, '--requests', '40', '--users', '30'],
    ...['--rating', '1', '--noise', '0.3'],
  );
  await open('/runs');
  await shoot('runs');
  await page.getByLabel('Field').selectOption('thumb');
  await page.getByLabel('Operator').selectOption('<');
  await page.getByLabel('Value').fill('0');
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByText(/\d+ match/).waitFor();
  await page.getByText('Views', { exact: true }).click();
  await page.getByLabel('Name of the view').fill('not liked');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'not liked', exact: true }).waitFor();
  await shoot('saved-view');
  await page.getByText('Views', { exact: true }).click();
}

/** What was asked and not liked becomes an example of a dataset, with what a good answer would have said. */
export async function addToDataset({ page, open, shoot }: Visit): Promise<void> {
  const row = page.locator('tbody tr.opens').first();
  await row.press('Enter');
  await page.getByRole('button', { name: 'Add to dataset…' }).click();
  await page.getByLabel('Dataset', { exact: true }).fill('from-production');
  await page.getByLabel('begin it').check();
  await page.getByLabel('another one').check();
  await page.getByLabel('What is expected, as a JSON object').fill('{"answerable": true}');
  await page.getByLabel('Tags, with commas').fill('disliked');
  await shoot('add-to-dataset');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('Added to from-production').waitFor();
  await open('/datasets/from-production');
  await shoot('dataset');
}

/** A thumb, a note and an emoji, said of a run where it is looked at. */
export async function giveFeedback({ page, open, shoot }: Visit, runId: string): Promise<void> {
  await open(`/runs/${runId}`);
  const form = page.getByRole('form', { name: 'Say what you think of it' });
  await form.getByRole('button', { name: 'thumb up' }).click();
  await form.getByRole('button', { name: 'emoji ♥' }).click();
  await form.getByLabel('Note').fill('Names the chapter, and lacks the code.');
  await form.getByRole('button', { name: 'Say it' }).click();
  await page.getByText('Kept, with the run.').waitFor();
  await page.locator('.said').getByText('lacks the code').waitFor();
  await shoot('feedback', page.locator('#feedback-title'));
}
