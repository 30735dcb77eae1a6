/** Restarts an embedded server that ends by itself, at the same address, so that its clients find it again. */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { describeSpace, isDiskFull, megabytes, readDiskSpace } from './disk-space.ts';

/** A server that ends more often within the window cannot run here: then its end is an error. */
const MAX_RESTARTS = 5;
const WINDOW_MS = 600_000;
const PAUSE_MS = 1_000;

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with the reason; after `stop`, too. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** A server at a fixed address. `pid`, `ended` and `stop` are those of its current process. */
export interface RestartableServer extends ServerProcess {
  /** Starts a new process after the current one has ended. Aborting `signal` ends a process that is not ready yet. */
  restart(signal: AbortSignal): Promise<void>;
}

/** @param launch resolves when the process is ready; must end it when it rejects */
export async function startRestartable(
  launch: (signal?: AbortSignal) => Promise<ServerProcess>,
): Promise<RestartableServer> {
  let current = await launch();
  return {
    get pid() {
      return current.pid;
    },
    get ended() {
      return current.ended;
    },
    async restart(signal) {
      current = await launch(signal);
    },
    stop: () => current.stop(),
  };
}

export interface KeepRunningOptions {
  readonly name: string;
  readonly server: Pick<RestartableServer, 'ended' | 'restart'>;
  /** On the disk that the server writes to. */
  readonly folder: string;
  readonly onProgress: (message: string) => void;
  readonly onRestarted: () => Promise<void>;
  /** For tests. Default: the monotonic clock. */
  readonly now?: () => number;
  /** For tests: the pause between two attempts. Default: a second. */
  readonly pause?: (signal: AbortSignal) => Promise<void>;
}

export interface KeptServer {
  /** Resolves with the reason when the server has ended and is not restarted: after 5 restarts in 10 minutes, or when stopped. */
  readonly ended: Promise<string>;
  /** Breaks off a restart that is under way, and begins no other. The server itself goes on. */
  stopRestarting(): Promise<void>;
}

export function keepRunning(options: KeepRunningOptions): KeptServer {
  const { name, server, folder, onProgress, onRestarted } = options;
  const { now = () => performance.now(), pause = pauseOnce } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const restartedAt: number[] = [];
  let restarting: Promise<string | undefined> = Promise.resolve(undefined);

  async function keep(): Promise<string> {
    for (;;) {
      restarting = restart(await server.ended);
      const why = await restarting;
      if (why !== undefined) return why;
    }
  }

  /** Tries until the server runs; resolves with the reason where it is given up. */
  async function restart(why: string): Promise<string | undefined> {
    for (let reason = why; ; await pause(signal)) {
      await untilSpace();
      if (signal.aborted) return reason;
      while (restartedAt[0] !== undefined && now() - restartedAt[0] > WINDOW_MS) restartedAt.shift();
      if (restartedAt.length >= MAX_RESTARTS)
        return `it was restarted ${MAX_RESTARTS} times in ${WINDOW_MS / 60_000} minutes, and ended again: ${reason}`;
      restartedAt.push(now());
      try {
        await server.restart(signal);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
        if (!signal.aborted) onProgress(`the ${name} could not be restarted: ${reason}`);
        continue;
      }
      await onRestarted().catch((error) => onProgress(`the state file could not be written: ${String(error)}`));
      onProgress(`restarted the ${name}: ${why.split('\n')[0]}`);
      return undefined;
    }
  }

  /** A full disk costs no restart: the server is started when there is space. */
  async function untilSpace(): Promise<void> {
    for (let isReported = false; !signal.aborted; isReported = true) {
      const space = await readDiskSpace(folder).catch(() => undefined);
      if (space === undefined || !isDiskFull(space)) return;
      if (!isReported)
        onProgress(`the disk is full (${megabytes(space.freeBytes)} free): the ${name} starts when there is space`);
      await pause(signal);
    }
  }

  return {
    ended: keep(),
    async stopRestarting() {
      stopping.abort();
      await restarting;
    },
  };
}

const pauseOnce = (signal: AbortSignal): Promise<void> => delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);

const SHOWN_CHARACTERS = 300;

export interface EndedServer {
  readonly name: string;
  /** What it wrote at its end, which may be long: the message has the first line, `--debug` shows all of it. */
  readonly why: string;
  readonly logFile?: string;
  /** On the disk that it writes to. */
  readonly folder: string;
}

export async function endedByItself({ name, why, logFile, folder }: EndedServer): Promise<SluiceError> {
  const space = await readDiskSpace(folder).catch(() => undefined);
  const [first = ''] = why.split('\n');
  const isFull = space !== undefined && isDiskFull(space);
  const before = isFull ? 'free some space, then ' : logFile === undefined ? '' : `read ${logFile}, then `;
  return new SluiceError('server_ended', {
    message: isFull
      ? `the ${name} is gone: the disk that holds ${folder} is full: ${describeSpace(space)}`
      : `the ${name} is gone: ${first.slice(0, SHOWN_CHARACTERS)}`,
    remedy: `${before}start again: what was under way goes on from where it was`,
    data: { why },
  });
}
