/** Which variant leads, by which metric, and how sure that is. */
import type { Visit } from '../visit.ts';

export async function lookAtLeaderboard({ page, open, shoot }: Visit): Promise<void> {
  await open('/leaderboard');
  await page.locator('table').first().waitFor();
  await shoot('leaderboard');
}
