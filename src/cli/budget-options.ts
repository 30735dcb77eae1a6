/** What a run may take, as options of the commands that start one. */
import { type Command, InvalidArgumentError } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { durationMs } from '../dsl/refuse.ts';
import type { RunBudget } from '../store/runs.ts';
import { positiveInteger } from './options.ts';

export interface BudgetOptions {
  readonly budgetUsd?: number;
  readonly budgetTokens?: number;
  readonly deadline?: number;
}

const MOST_TOKENS = 1_000_000_000;
const MOST_USD = 1_000_000;

export function addBudgetOptions(command: Command): Command {
  return command
    .option('--budget-usd <dollars>', 'end the run before it spends more', dollars)
    .option('--budget-tokens <number>', 'end it before it reads and writes more', positiveInteger(MOST_TOKENS))
    .option('--deadline <duration>', "end it when it has no output by then: '30 seconds'", duration);
}

/** Undefined where none was given. */
export function budgetOf({ budgetUsd: usd, budgetTokens: tokens, deadline }: BudgetOptions): RunBudget | undefined {
  if (usd === undefined && tokens === undefined && deadline === undefined) return undefined;
  return {
    ...(usd !== undefined && { usd }),
    ...(tokens !== undefined && { tokens }),
    ...(deadline !== undefined && { deadlineMs: deadline }),
  };
}

export function dollars(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > MOST_USD)
    throw new InvalidArgumentError(`give dollars above 0, such as 0.05, up to ${MOST_USD}.`);
  return value;
}

function duration(text: string): number {
  try {
    return durationMs(text, '--deadline');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof SluiceError ? `${error.remedy}.` : String(error));
  }
}
