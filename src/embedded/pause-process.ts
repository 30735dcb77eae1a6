/** Pauses another process of this machine: what waits for its answers waits longer, as if its machine were slow. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Resolves with what lets the process go on. Should this process be killed before, a guard does it: a shell in a session of
 * its own, which no Ctrl-C reaches, and whose input ends with this process.
 */
export async function pauseProcess(pid: number): Promise<() => Promise<void>> {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -CONT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  await once(guard, 'spawn');
  const ended = once(guard, 'exit');
  process.kill(pid, 'SIGSTOP');
  return async () => {
    guard.stdin.end();
    await ended;
  };
}
