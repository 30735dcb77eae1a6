/**
 * The work that evaluations are timed on: five steps of 20 ms each, of which the variants differ in the last one, so that
 * eight calls an example suffice for four variants. Each call is a line in a file, so that it is counted from outside.
 */
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export const STEP_MS = 20;
export const SHARED_STEPS = ['enhance', 'search', 'fuse', 'rerank'] as const;
export const LAST_STEP = 'draft';
export const VARIANTS: readonly number[] = [0, 1, 2, 3];
export const STEPS = SHARED_STEPS.length + 1;

/** Calls that are different, and so must be made, where equal prefixes are shared. */
export const callsNeeded = (examples: number): number => examples * (SHARED_STEPS.length + VARIANTS.length);

/** Makes one call of a step. It is written down as it begins, so that those of a killed process are counted, too. */
export async function callStep(callsFile: string, step: string, text: string): Promise<string> {
  appendFileSync(callsFile, `${Date.now()} ${step} ${text}\n`);
  await delay(STEP_MS);
  return `${text}.`;
}

export const textOf = (example: number): string => `${example}`;

/** What the last step makes of an example's text, in every variant. */
export const answerTo = (example: number): string => `${textOf(example)}${'.'.repeat(STEPS)}`;

export interface Calls {
  readonly made: number;
  readonly distinct: number;
  /** From the begin of the first to the end of the last. */
  readonly spanMs: number;
}

export async function readCalls(callsFile: string): Promise<Calls> {
  const lines = (await readFile(callsFile, 'utf8')).trimEnd().split('\n');
  const calls = lines.map((line) => ({ atMs: Number.parseInt(line, 10), what: line.slice(line.indexOf(' ')) }));
  const times = calls.map(({ atMs }) => atMs).sort((a, b) => a - b);
  return {
    made: calls.length,
    distinct: new Set(calls.map(({ what }) => what)).size,
    spanMs: times.at(-1)! - times[0]! + STEP_MS,
  };
}
