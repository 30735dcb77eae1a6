/** Options of commands that make something of what people said. */
import { type Command, Option } from 'commander';
import type { RatedFilter } from '../store/feedback.ts';
import { duration, positiveInteger } from './options.ts';

export interface FeedbackOptions {
  /** Milliseconds. */
  readonly since?: number;
  readonly pipeline?: string;
  readonly limit?: number;
}

const MOST_RUNS = 1_000;
const USUAL_RUNS = 100;

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
