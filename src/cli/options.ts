/** Parsers of option values: what does not fit is a usage error that says what would. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { durationMs } from '../dsl/refuse.ts';
import type { RatedFilter } from '../store/feedback.ts';
import type { RunBudget } from '../store/runs.ts';

/** Any number, also below 0. */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('give a number.');
  return value;
}

/** A whole number from 1 to `most`. */
export function positiveInteger(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(`give a whole number from 1 to ${most}.`);
    return value;
  };
}

/** A whole number from 0 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > most) throw new InvalidArgumentError(`give a whole number from 0 to ${most}.`);
    return value;
  };
}

/** A year. */
const MOST_MS = 366 * 86_400_000;

/** A part of all, from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('give a number from 0 to 1.');
  return value;
}

/** `30 seconds`, `2 hours`, or in short `7d`; in milliseconds, at most a year. */
export function duration(text: string): number {
  const short = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h|d)$/.exec(text)?.groups;
  try {
    return durationMs(short ? `${short.amount} ${UNITS[short.unit!]}` : text, 'it', { most: MOST_MS });
  } catch {
    throw new InvalidArgumentError("give a duration, such as '30 seconds', '2 hours' or 7d.");
  }
}

const UNITS: { readonly [short: string]: string } = { ms: 'ms', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' };

export interface BudgetOptions {
  readonly budgetUsd?: number;
  readonly budgetTokens?: number;
  readonly deadline?: number;
}

const MOST_TOKENS = 1_000_000_000;
const MOST_USD = 1_000_000;

/** What a run may take, as options of the commands that start one. */
export function addBudgetOptions(command: Command): Command {
  return command
    .option('--budget-usd <dollars>', 'end the run before it spends more', dollars)
    .option('--budget-tokens <number>', 'end it before it reads and writes more', positiveInteger(MOST_TOKENS))
    .option('--deadline <duration>', "end it when it has no output by then: '30 seconds'", deadline);
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

function deadline(text: string): number {
  try {
    return durationMs(text, '--deadline');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof SluiceError ? `${error.remedy}.` : String(error));
  }
}

export interface FeedbackOptions {
  /** Milliseconds. */
  readonly since?: number;
  readonly pipeline?: string;
  readonly limit?: number;
}

const MOST_RUNS = 1_000;
const USUAL_RUNS = 100;

/** Options of commands that make something of what people said. */
export function withFeedbackOptions(command: Command): Command {
  return command
    .addOption(new Option('--since <duration>', 'feedback: that came in this time, such as 7d').argParser(duration))
    .option('--pipeline <pipeline>', 'feedback: on runs of this one')
    .option(
      '--limit <number>',
      `feedback: on so many runs, those rated last; default ${USUAL_RUNS}`,
      positiveInteger(MOST_RUNS),
    );
}

/** @param now milliseconds since the epoch */
export function ratedFilter(
  { since, pipeline, limit = USUAL_RUNS }: FeedbackOptions,
  now: number,
): Omit<RatedFilter, 'thumb'> {
  return { limit, ...(pipeline !== undefined && { pipeline }), ...(since !== undefined && { since: now - since }) };
}
