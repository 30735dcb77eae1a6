/** The worker of experiments as a row sees it: stopped at a moment of a look for as long as the row does something. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Moment, Place } from './clock-process.ts';

export interface ClockKeeper {
  /** Does something at the next such moment, before the look goes on; resolves when it is done. */
  at(place: Place, what: () => Promise<void>, isMeant?: (moment: Moment) => boolean): Promise<void>;
  /** Kills the worker, and starts another. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

interface Awaited {
  readonly place: Place;
  readonly isMeant: (moment: Moment) => boolean;
  readonly act: () => Promise<void>;
}

const program = fileURLToPath(new URL('clock-process.ts', import.meta.url));

export async function startClockKeeper(environment: { readonly [name: string]: string }): Promise<ClockKeeper> {
  const awaited = new Set<Awaited>();
  const reached = async (child: ChildProcess, moment: Moment) => {
    const found = [...awaited].find(({ place, isMeant }) => place === moment.place && isMeant(moment));
    if (found !== undefined) {
      awaited.delete(found);
      await found.act();
    }
    if (child.connected) child.send(moment.no);
  };
  const start = async () => {
    const child = fork(program, [], {
      env: { PATH: process.env.PATH, ...environment },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`a worker of experiments ended with ${code ?? signal} before it was ready`);
    });
    failed.catch(() => undefined);
    await Promise.race([once(child, 'message'), failed]);
    child.on('message', (moment: Moment) => void reached(child, moment));
    return child;
  };
  let current = await start();
  const kill = async () => {
    const gone = once(current, 'exit');
    current.kill('SIGKILL');
    await gone;
  };
  return {
    at: (place, what, isMeant = () => true) =>
      new Promise((resolve, reject) => {
        awaited.add({ place, isMeant, act: () => what().then(resolve, reject) });
      }),
    async replace() {
      await kill();
      current = await start();
    },
    stop: kill,
  };
}
