/** How each of the contestants is started and measured: as a program, from the outside. */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Calls, readCalls } from '../support/five-steps.ts';
import { type Cost, runProgram } from '../support/process-tree.ts';
import type { Task } from './pipeline.ts';

export interface Measured {
  /** With its version. */
  readonly name: string;
  readonly cost: Cost;
  readonly calls: Calls;
}

export interface Program {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/**
 * Has a program evaluate the examples, in a temporary folder of its own.
 *
 * @param start the program; its exit code must be zero only where all answers are there and right
 * @throws with the end of what it printed, where it is not
 */
export async function measure(
  name: string,
  examples: number,
  start: (task: Task) => Promise<Program>,
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const task = { examples, callsFile: join(folder, 'calls'), folder };
    const { args, env, cwd } = await start(task);
    const log = await open(join(folder, 'log'), 'w+');
    const cost = await runProgram(args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    if (cost.exitCode !== 0) {
      const printed = await readFile(join(folder, 'log'), 'utf8');
      throw new Error(`${name} did not come to all answers (exit code ${cost.exitCode}):\n${printed.slice(-4_000)}`);
    }
    return { name, cost, calls: await readCalls(task.callsFile) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
