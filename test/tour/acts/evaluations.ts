/** An evaluation with ground truth and a judge, and its variants beside each other. */
import type { Visit } from '../visit.ts';

/** Runs it, as anybody would in a terminal, while the screen follows. Gives its id. */
export async function evaluate({ stage, page, open, shoot }: Visit): Promise<string> {
  const { evaluation } = JSON.parse(await stage.sluice('eval', 'run', 'release', '--detach', '--json')) as {
    evaluation: { evaluationId: string };
  };
  await open(`/evaluations/${evaluation.evaluationId}`);
  await page.getByText(/[1-9]\d* of \d+ runs/).waitFor();
  await shoot('evaluation-under-way');
  await stage.sluice('eval', 'status', evaluation.evaluationId, '--follow', '--quiet');
  await page.reload();
  await shoot('evaluation');
  return evaluation.evaluationId;
}

/** The verdict in words, the pictures, a box over the regressions, and one example opened. */
export async function compare({ page, open, shoot }: Visit, evaluationId: string): Promise<void> {
  await open(`/compare?ids=${evaluationId}`);
  await page.getByRole('heading', { name: 'Result' }).waitFor();
  await shoot('compare');
  await shoot('compare-metrics', page.getByRole('heading', { name: 'Metrics', exact: true }));
  await page.getByRole('combobox', { name: /^Metric/ }).selectOption({ label: 'judged.score' });
  const scatter = page.locator('section[aria-labelledby="against-title"] canvas').first();
  await scatter.scrollIntoViewIfNeeded();
  await drawBox(page, await scatter.boundingBox());
  await page.getByRole('button', { name: 'Show all' }).waitFor();
  await shoot('compare-box', page.locator('#examples-title'));
  await page.locator('tbody tr.opens').first().press('Enter');
  await page.locator('#example-title').waitFor();
  await shoot('compare-example');
  await page.getByRole('button', { name: 'Close' }).click();
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Over the lower right half: what the baseline did better. */
async function drawBox(page: Visit['page'], box: Box | null): Promise<void> {
  const { x, y, width, height } = box!;
  await page.mouse.move(x + width * 0.4, y + height * 0.45);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.6, y + height * 0.6, { steps: 5 });
  await page.mouse.move(x + width * 0.96, y + height * 0.84, { steps: 5 });
  await page.mouse.up();
}

/** Another dataset and another evaluation beside it: what cannot be compared is said first. */
export async function mismatch({ stage, page, open, shoot }: Visit, evaluationId: string): Promise<void> {
  const { evaluation } = JSON.parse(
    await stage.sluice('eval', 'run', 'release', '--limit', '10', '--variants', 'one-passage', '--json'),
  ) as { evaluation: { evaluationId: string } };
  await open(`/compare?ids=${evaluationId},${evaluation.evaluationId}`);
  await page.getByRole('region', { name: 'Warnings' }).waitFor();
  await shoot('compare-mismatch');
}
