/** The five steps, one after the other, as both of the others are given them. They run it in processes of their own. */
import { callStep, LAST_STEP, SHARED_STEPS } from '../support/five-steps.ts';

/** Examples under way at once, in each of which one call is. */
export const CONCURRENCY = 16;

/** How the benchmark tells those processes what to do. */
export interface Task {
  readonly examples: number;
  readonly callsFile: string;
  /** For whatever is kept of the evaluation. */
  readonly folder: string;
}

const VARIABLE = 'SLUICE_BENCH_TASK';

export const taskEnvironment = (task: Task): NodeJS.ProcessEnv => ({ [VARIABLE]: JSON.stringify(task) });

export function readTask(): Task {
  const given = process.env[VARIABLE];
  if (given === undefined) throw new Error(`${VARIABLE} is not set: start this by npm run bench:competitors`);
  return JSON.parse(given) as Task;
}

export async function answer(text: string, variant: number): Promise<string> {
  const { callsFile } = readTask();
  let found = text;
  for (const step of SHARED_STEPS) found = await callStep(callsFile, step, found);
  return callStep(callsFile, `${LAST_STEP} ${variant}`, found);
}
