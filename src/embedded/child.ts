/**
 * A server as a child process. It gets a process group of its own, so that Ctrl-C on the terminal reaches only us, and
 * we stop it last; its output goes to a log file, whose errors, or else its end, explain an early end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { OWN } from '../base/claim-file.ts';
import { withPrivateUmask } from '../base/private-folder.ts';
import type { ServerProcess } from './keep-running.ts';

/** How long a child may take to end by itself before it is killed. */
const STOP_LIMIT_MS = 10_000;
const SHOWN_LINES = 3;
/** What a server says before it ends. A Go program writes a stack after it, so the end of the log may lack it. */
const ERROR_LINE = /level=ERROR|^panic:|^Error:|\bFATAL:/;

export interface ChildLog {
  readonly logFile: string;
  /** Whether the log of an earlier process is kept. */
  readonly appends: boolean;
}

export async function startChild(
  program: string,
  args: readonly string[],
  { logFile, appends }: ChildLog,
): Promise<ServerProcess> {
  const log = await open(logFile, appends ? 'a' : 'w', OWN);
  const begin = (await log.stat()).size;
  const child = withPrivateUmask(() => spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] }));
  // Awaited from here on: one that ends at once has ended before its log is closed here.
  const exited = once(child, 'exit');
  const ended = exited.then(async ([code, signal]) => {
    const output = await readFile(logFile).catch(() => Buffer.alloc(0));
    const lines = output.subarray(begin).toString().trim().split('\n');
    const errors = lines.filter((line) => ERROR_LINE.test(line)).slice(0, SHOWN_LINES);
    const shown = errors.length > 0 ? errors : lines.slice(-SHOWN_LINES);
    return `it ended (${signal ?? `exit code ${code}`}): ${shown.join(' / ')}`;
  });
  ended.catch(() => undefined); // one that could not be started is reported below
  // Of a process that ends before it has stopped its servers, none is left running.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await Promise.race([once(child, 'spawn'), exited]).catch((cause) => {
    process.off('exit', kill);
    throw new Error(`${program} could not be started`, { cause });
  });
  await log.close();
  return { pid: child.pid!, ended, stop: () => stopChild(child, ended) };
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
