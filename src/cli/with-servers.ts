/**
 * Servers for the length of one command: those that run already, or the embedded ones, started for this command and
 * stopped after it. Whichever way the command ends, what it started is stopped. While another command has the folder's
 * embedded servers for itself, it is waited for, within bounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { count } from '../base/format.ts';
import type { Serves } from '../embedded/dev-state.ts';
import type { Project } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { OpenedStore } from '../host/store-only.ts';
import type { WorkerProcess } from '../worker/worker.ts';
import { END_LIMIT_MS, type ExitCode, Interrupted, orInterrupted, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';

export interface Needs {
  /** Loads the steps that a worker, started with the servers, runs; absent: no worker is started. */
  readonly project?: () => Promise<Project>;
  /** Whether what is started is for others, too; default: for this command alone. */
  readonly serves?: Serves;
  /** How long the command may take to end after Ctrl-C or SIGTERM; null: it always ends by itself. Default: 1 s. */
  readonly endLimitMs?: number | null;
}

const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 250;

/** Gives `work` a runtime; resolves with what it resolves with, and fails when a server that was started ends. */
export async function withRuntime<T>(
  session: Session,
  needs: Needs,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = await whenFree(session, () => openRuntime(session, needs));
  return closing(session, runtime, () => Promise.race([work(runtime), runtime.failed]), needs.endLimitMs);
}

/** As `withRuntime`. Calls `show`, with which `work` resolves, when the servers have stopped: the last lines come then. */
export async function showAfter(
  session: Session,
  needs: Needs,
  work: (runtime: Runtime) => Promise<() => ExitCode | Promise<ExitCode>>,
): Promise<ExitCode> {
  const show = await withRuntime(session, needs, work);
  return show();
}

/** Gives `work` the store alone, for commands that only read it: Temporal is not started for that. */
export async function withStore<T>(session: Session, work: (opened: OpenedStore) => Promise<T>): Promise<T> {
  const { services, terminal } = session;
  const opened = await whenFree(session, () => services.openStore((message) => terminal.note(message)));
  return closing(session, opened, () => work(opened));
}

/** What can be opened, and is stopped by whoever opened it. */
interface Opened {
  readonly worker?: Pick<WorkerProcess, 'activitiesUnderWay' | 'graceMs'>;
  stop(): Promise<void>;
}

/** Says which activities are waited for and for how long, or `otherwise`; then stops all. */
export async function stopWithin(terminal: Terminal, opened: Opened, otherwise?: string): Promise<void> {
  const { worker } = opened;
  const activities = worker?.activitiesUnderWay() ?? 0;
  const line = activities > 0 ? stopLine(count(activities, 'activity', 'activities'), worker!.graceMs) : otherwise;
  if (line !== undefined) terminal.note(line);
  await opened.stop();
}

/** `stopping: waits up to 10 s for 1 activity under way; a second signal ends the process at once`. */
export const stopLine = (underWay: string, graceMs: number): string =>
  `stopping: waits up to ${graceMs / 1_000} s for ${underWay} under way; a second signal ends the process at once`;

/** Tries again while another command has the folder. @throws SluiceError `folder_busy` when that takes too long */
export async function whenFree<T extends Opened>(session: Session, open: () => Promise<T>): Promise<T> {
  const { terminal, signal } = session;
  const giveUpAt = performance.now() + WAIT_LIMIT_MS;
  for (let isTold = false; ; isTold = true) {
    try {
      return await orStopped(signal, open());
    } catch (error) {
      if (!isCode(error, 'folder_busy') || performance.now() > giveUpAt) throw error;
      if (!isTold) terminal.note(`${error.message}: waiting for it, at most ${WAIT_LIMIT_MS / 1_000} s`);
    }
    await orInterrupted(signal, delay(POLL_MS));
  }
}

/** What is opened only after the command was given up is stopped again. */
export async function orStopped<T extends Opened>(signal: AbortSignal, opening: Promise<T>): Promise<T> {
  try {
    return await orInterrupted(signal, opening, END_LIMIT_MS);
  } catch (error) {
    if (error instanceof Interrupted) opening.then((opened) => opened.stop()).catch(() => undefined);
    throw error;
  }
}

async function openRuntime({ services, terminal }: Session, { project, serves = 'command' }: Needs): Promise<Runtime> {
  try {
    return await services.connect();
  } catch (error) {
    if (!isCode(error, 'nothing_running')) throw error;
  }
  let isTold = false;
  return services.start({
    serves,
    ...(project && { project: await project() }),
    onProgress: (message) => {
      // Told with the first thing that is started: before, the folder may turn out to be another's.
      if (!isTold) terminal.note('nothing runs here: starting the embedded servers for this command');
      isTold = true;
      terminal.note(message);
    },
  });
}

/** Stops what was opened when the work has ended, or is given up. */
export async function closing<T>(
  { signal, terminal }: Session,
  opened: Opened,
  work: () => Promise<T>,
  endLimitMs: number | null = END_LIMIT_MS,
): Promise<T> {
  let result: T;
  try {
    if (signal.aborted) throw new Interrupted();
    result = await (endLimitMs === null ? work() : orInterrupted(signal, work(), endLimitMs));
  } catch (error) {
    if (isCode(error, 'server_ended')) terminal.note('a server is gone: stopping the rest');
    // What went wrong first is told, not what that made of the end.
    await stopWithin(terminal, opened).catch(() => undefined);
    throw error;
  }
  await stopWithin(terminal, opened);
  return result;
}

function isCode(error: unknown, code: string): error is SluiceError {
  return error instanceof SluiceError && error.code === code;
}
