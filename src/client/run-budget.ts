/** What a caller allows a run to take is checked before anything is started. */
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import type { RunBudget } from '../store/runs.ts';

const Budget = z.strictObject({
  usd: z.number().positive().max(1_000_000).optional(),
  tokens: z.int().positive().optional(),
  deadlineMs: z.int().positive().max(86_400_000).optional(),
});

/**
 * @returns null where nothing is limited
 * @throws SluiceError `budget_invalid`
 */
export function checkBudget(given: RunBudget): RunBudget | null {
  const parsed = Budget.safeParse(given);
  if (!parsed.success)
    throw new SluiceError('budget_invalid', {
      message: `the run's budget is not valid: ${z.prettifyError(parsed.error)}`,
      remedy: 'give { usd, tokens, deadlineMs }, each above 0, or leave it out',
    });
  const { usd, tokens, deadlineMs } = parsed.data;
  if (usd === undefined && tokens === undefined && deadlineMs === undefined) return null;
  return Object.freeze({
    ...(usd !== undefined && { usd }),
    ...(tokens !== undefined && { tokens }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  });
}
