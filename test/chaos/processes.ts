/** Processes of workers and of the API as the rows see them: started, killed without warning, or asked to end. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StepSettings } from './steps.ts';

/** A process that does nothing yet, as a supervisor keeps one ready. */
export interface SpareProcess {
  /** Resolves when it has loaded its code. */
  readonly loaded: Promise<void>;
  /** Resolves when it is ready: a worker, when it polls. */
  begin(): Promise<WorkerProcess>;
  kill(): Promise<number>;
}

export interface WorkerProcess {
  readonly pid: number;
  /** From when it was told to begin until it was ready: a worker, until it polled. */
  readonly startMs: number;
  /** SIGKILL; resolves with the time at which it was given, when the process is gone. */
  kill(): Promise<number>;
  /** SIGTERM; resolves with the time at which it was given, when the process has ended by itself. */
  terminate(): Promise<number>;
}

export interface WorkerOptions extends StepSettings {
  readonly environment: { readonly [name: string]: string };
  /** Another release of Node than the one this runs on. */
  readonly node?: string;
}

interface ProcessOptions extends Pick<WorkerOptions, 'environment'> {
  /** A file of this folder, which says when it has loaded, waits to be told to begin, and says when it is ready. */
  readonly program: string;
  readonly settings: object;
  readonly node?: string | undefined;
}

const START_LIMIT_MS = 180_000;
const TAIL_CHARACTERS = 2_000;

export function spawnWorkerProcess({ environment, node, ...settings }: WorkerOptions): SpareProcess {
  return spawnProcess({ program: 'worker-process.ts', settings: settings satisfies StepSettings, environment, node });
}

export function spawnProcess({ program, settings, environment, node }: ProcessOptions): SpareProcess {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify(settings)], {
    env: { PATH: process.env.PATH, ...environment },
    execArgv: [],
    execPath: node ?? process.execPath,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = () => end(child, 'SIGKILL');
  const said = tailOf(child);
  const loaded = hears(child, 'loaded', said);
  loaded.catch(() => undefined); // told to whoever begins it
  return {
    loaded,
    kill,
    async begin() {
      await loaded;
      const toldAt = performance.now();
      child.send('begin');
      await hears(child, 'ready', said);
      const startMs = performance.now() - toldAt;
      return Object.freeze({ pid: child.pid!, startMs, kill, terminate: () => end(child, 'SIGTERM') });
    },
  };
}

/** The last of what a process wrote: why it died, if it does. */
function tailOf(child: ChildProcess): () => string {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-TAIL_CHARACTERS);
  });
  return () => said;
}

async function hears(child: ChildProcess, word: 'loaded' | 'ready', said: () => string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (how: string) => {
    child.kill('SIGKILL');
    reject(new Error(`a process ${how}: ${said()}`));
  };
  const timer = setTimeout(fail, START_LIMIT_MS, `was not ${word} within ${START_LIMIT_MS} ms`);
  child.once('exit', () => fail('ended at once'));
  child.once('message', (message) => (message === word ? resolve() : fail(`said ${String(message)}`)));
  await promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
  const at = Date.now();
  if (child.exitCode !== null || child.signalCode !== null) return at;
  const gone = once(child, 'exit');
  child.kill(signal);
  const [code] = await gone;
  if (signal === 'SIGTERM' && code !== 0) throw new Error(`process ${child.pid} ended with ${code} when asked to end`);
  return at;
}
