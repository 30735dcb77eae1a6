/** Seeds of a scenario, played by processes side by side: experiments know nothing of each other. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Asked, Told } from './play-process.ts';

const PROCESSES = 2;
const PROGRAM = fileURLToPath(new URL('play-process.ts', import.meta.url));

/** In the order of the seeds. @throws Error where a process ends before its work does */
export async function playAll(url: string, scenario: string, seeds: number): Promise<readonly Told[]> {
  const waiting = Array.from({ length: seeds }, (_, seed): Asked => ({ scenario, seed }));
  const told: Told[] = [];
  const workers = Array.from({ length: Math.min(PROCESSES, seeds) }, () => fork(PROGRAM, [url]));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) told.push(await ask(worker, next));
      }),
    );
  } finally {
    for (const worker of workers) if (worker.connected) worker.disconnect();
  }
  return told.sort((a, b) => a.seed - b.seed);
}

async function ask(worker: ChildProcess, asked: Asked): Promise<Told> {
  const over = new AbortController();
  const { signal } = over;
  try {
    worker.send(asked);
    return await Promise.race([
      once(worker, 'message', { signal }).then(([told]) => told as Told),
      once(worker, 'exit', { signal }).then(([code]) => {
        throw new Error(`seed ${asked.seed} of ${asked.scenario} was not played: its process ended with ${code}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}
