/** `sluice worker` as a process of its own: what it prints is kept, and it can be killed at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Worker {
  readonly pid: number;
  /** All that it has written, to stdout and stderr. */
  said(): string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

const repository = fileURLToPath(new URL('../../', import.meta.url));
const START_LIMIT_MS = 60_000;

export async function spawnWorker(environment: { readonly [name: string]: string }): Promise<Worker> {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'worker'], {
    cwd: repository,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      child.emit('said');
    });
  const said = () => text;
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  await untilPolling(child, said).catch(async (error: unknown) => {
    await kill();
    throw error;
  });
  return Object.freeze({ pid: child.pid!, said, kill });
}

function untilPolling(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (how: string) => reject(new Error(`a worker ${how}: ${said()}`));
    const timer = setTimeout(fail, START_LIMIT_MS, `did not poll within ${START_LIMIT_MS} ms`);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.on('said', () => {
      if (!said().includes('✔ worker on')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
