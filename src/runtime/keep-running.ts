/** Restarts an embedded server that ends by itself, on the same address, so that its clients find it again. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDiskFull, megabytes, readDiskSpace } from './disk-space.ts';

/** More restarts within the window mean that it cannot run here: then the reason is an error. */
const MOST_RESTARTS = 5;
const WINDOW_MS = 600_000;
const PAUSE_MS = 1_000;

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, with the reason; after `stop`, too. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

export interface KeepRunningOptions {
  readonly name: string;
  /** On the disk that the server writes to. */
  readonly folder: string;
  readonly first: ServerProcess;
  readonly restart: () => Promise<ServerProcess>;
  readonly onProgress: (message: string) => void;
  readonly onRestarted?: (server: ServerProcess) => Promise<void>;
}

export interface KeptRunning {
  /** Resolves with the reason when the server is given up, after 5 restarts in 10 minutes, or ends after restarts were stopped. */
  readonly ended: Promise<string>;
  /** Lets no restart begin from now on, and waits for one that is under way. */
  stopRestarting(): Promise<void>;
}

export function keepRunning(options: KeepRunningOptions): KeptRunning {
  const { name, first, restart, onProgress, onRestarted } = options;
  const stopping = new AbortController();
  const restarts: number[] = [];
  let restarting: Promise<unknown> = Promise.resolve();

  async function watch(server: ServerProcess): Promise<string> {
    const why = await server.ended;
    if (stopping.signal.aborted) return why;
    onProgress(`the ${name} is gone, restarting it: ${why.split('\n')[0]}`);
    const again = restartIt(why);
    restarting = again;
    const next = await again;
    return typeof next === 'string' ? next : watch(next);
  }

  /** Tries until it runs; resolves with the reason where it is given up. */
  async function restartIt(why: string): Promise<ServerProcess | string> {
    for (let reason = why; ; await pause()) {
      await untilSpace();
      if (stopping.signal.aborted) return reason;
      const now = performance.now();
      while (restarts[0] !== undefined && now - restarts[0] > WINDOW_MS) restarts.shift();
      if (restarts.length >= MOST_RESTARTS) return `restarted ${MOST_RESTARTS} times in 10 minutes; ${reason}`;
      restarts.push(now);
      try {
        const server = await restart();
        await onRestarted?.(server);
        onProgress(`the ${name} runs again`);
        return server;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  /** A full disk costs no restart: the server is started when there is space. */
  async function untilSpace(): Promise<void> {
    for (let isSaid = false; !stopping.signal.aborted; isSaid = true) {
      const space = await readDiskSpace(options.folder).catch(() => undefined);
      if (space === undefined || !isDiskFull(space)) return;
      if (!isSaid)
        onProgress(`the disk is full (${megabytes(space.freeBytes)} free): the ${name} starts when there is space`);
      await pause();
    }
  }

  const pause = () => delay(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);

  return {
    ended: watch(first),
    async stopRestarting() {
      stopping.abort();
      await restarting;
    },
  };
}
