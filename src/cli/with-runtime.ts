/**
 * Servers for the length of one command: those that run already, or the embedded ones, started for this command and
 * stopped after it. Whichever way the command ends, what it started is stopped.
 */
import { SluiceError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Session } from './session.ts';

export interface Needs {
  /** Whether the command needs steps to run, so that a worker is started with the servers. */
  readonly worker: boolean;
}

/** Gives `work` a runtime; resolves with what it resolves with. */
export async function withRuntime<T>(
  session: Session,
  needs: Needs,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = await openRuntime(session, needs);
  try {
    return await work(runtime);
  } finally {
    await runtime.stop();
  }
}

async function openRuntime({ services, terminal }: Session, { worker }: Needs): Promise<Runtime> {
  try {
    return await services.connect();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'nothing_running') throw error;
  }
  terminal.note('nothing is running here: starting the embedded servers for this command (sluice dev keeps them)');
  return services.start({
    ...(worker && { project: await services.project() }),
    onProgress: (message) => terminal.note(message),
  });
}
