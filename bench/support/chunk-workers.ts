/** Processes that walk chunks of an evaluation over the memo, and the queue that keeps them busy. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Assignment, Chunk, Completed } from '../memo-process.ts';
import { sum } from './statistics.ts';

export const PROCESSES = 2;
const CHUNK_EXAMPLES = 25;
/** Under way in one process at once, so that its slots are used while one of them ends. */
const CHUNKS_AT_ONCE = 2;

/** Chunks of the same examples stand beside each other, so that different processes take them at once. */
export function chunksOf(evaluation: string, examples: number, split: readonly (readonly number[])[]): Chunk[] {
  const starts = Array.from({ length: Math.ceil(examples / CHUNK_EXAMPLES) }, (_, n) => n * CHUNK_EXAMPLES);
  return starts.flatMap((from) =>
    split.map((variants) => ({ evaluation, from, to: Math.min(examples, from + CHUNK_EXAMPLES), variants })),
  );
}

interface Places {
  /** Of the database with the memo. */
  readonly url: string;
  readonly callsFile: string;
  /** When to end one of the processes by force and begin another, after the first chunk was handed out. */
  readonly killsAtMs: readonly number[];
}

/** Has the chunks walked by processes of its own; `cpuMs` is of those, without killed ones. */
export async function evaluateChunks(chunks: readonly Chunk[], { url, callsFile, killsAtMs }: Places) {
  const queue = [...chunks];
  const workers = new Set(await Promise.all(Array.from({ length: PROCESSES }, () => startWorker(url, callsFile))));
  const over = new AbortController();
  const startedAt = performance.now();
  let [open, answered, killed, asked] = [chunks.length, 0, 0, 0];
  const cpuMs = new Map<ChildProcess, number>();
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();

  /** Works until nothing is left, or the worker is gone: then its chunk is the next. */
  async function drive(worker: ChildProcess): Promise<void> {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
      const completed = await ask(worker, chunk, asked++);
      if (completed === undefined) {
        queue.unshift(chunk);
        return;
      }
      answered += completed.answered;
      cpuMs.set(worker, completed.cpuMs);
      open -= 1;
      if (open === 0) finish();
    }
  }
  const employ = (worker: ChildProcess) => {
    for (let n = 0; n < CHUNKS_AT_ONCE; n += 1) void drive(worker);
  };
  async function killAt(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: over.signal });
    const [victim] = workers;
    workers.delete(victim!);
    victim!.kill('SIGKILL');
    killed += 1;
    const next = await startWorker(url, callsFile);
    workers.add(next);
    employ(next);
  }

  for (const worker of workers) employ(worker);
  const kills = killsAtMs.map((ms) => killAt(ms).catch(() => undefined));
  await done;
  const wallMs = performance.now() - startedAt;
  over.abort();
  await Promise.all(kills);
  for (const worker of workers) worker.disconnect();
  return { wallMs, answered, killed, cpuMs: sum([...cpuMs.values()]) };
}

/** What has become of it; undefined where the worker has died over it. */
function ask(worker: ChildProcess, chunk: Chunk, number: number): Promise<Completed | undefined> {
  return new Promise((resolve) => {
    const onExit = () => resolve(undefined);
    const onMessage = (answer: Completed) => {
      if (answer.number !== number) return;
      worker.off('exit', onExit).off('message', onMessage);
      resolve(answer);
    };
    worker.once('exit', onExit).on('message', onMessage);
    worker.send({ ...chunk, number } satisfies Assignment);
  });
}

async function startWorker(url: string, callsFile: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../memo-process.ts', import.meta.url));
  const worker = fork(program, [url, callsFile], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(worker, 'message');
  return worker;
}
