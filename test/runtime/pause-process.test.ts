import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { pauseProcess } from '../../src/embedded/temporal-rewrite.ts';

/** A process that waits, and one that pauses it. */
const waiting = () => spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** T: stopped; S: it waits; R: it runs. */
const stateOf = ({ pid }: ChildProcess) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)![0];
const isStopped = (child: ChildProcess) => stateOf(child) === 'T';

test.runIf(process.platform === 'linux')('a process is paused until it is let go on', async () => {
  const child = waiting();
  started.push(child);
  const resume = await pauseProcess(child.pid!);
  await vi.waitFor(() => expect(isStopped(child)).toBe(true));
  await resume();
  await vi.waitFor(() => expect(isStopped(child)).toBe(false));
});

test.runIf(process.platform === 'linux')('it goes on where who paused it is killed', async () => {
  const child = waiting();
  const program = new URL('../../src/embedded/temporal-rewrite.ts', import.meta.url).href;
  const code = `await (await import('${program}')).pauseProcess(${child.pid}); console.log('paused'); setInterval(() => undefined, 1000);`;
  const pausing = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child, pausing);
  await once(pausing.stdout!, 'data');
  await vi.waitFor(() => expect(isStopped(child)).toBe(true));
  pausing.kill('SIGKILL');
  await vi.waitFor(() => expect(isStopped(child)).toBe(false));
});
