/**
 * `sluice/worker`: put functions behind steps, and run them in a worker of your own. `sluice worker` does the same from
 * a project's `activities/index.ts`; this is for a process that does other things besides.
 */
import { readConfig } from './config/config.ts';
import { connectRuntime, type MakeImplementations } from './host/runtime.ts';
import type { RunningWorker } from './worker/worker.ts';

export { StepFailure, type StepFailureParts } from './boundary/failure.ts';
export {
  type Implementation,
  type Implemented,
  implement,
  type StepContext,
} from './boundary/implement.ts';
export type { MakeImplementations } from './host/runtime.ts';
export { createActivities as builtInActivities } from './steps/implementations.ts';
export type { Store } from './store/store.ts';
export type { RunningWorker } from './worker/worker.ts';

export interface WorkerSettings {
  /** The functions behind the steps, made once with what they may need. */
  readonly activities: MakeImplementations;
  /** Where `sluice dev` was started, and where the built workflow bundle is kept; default: the working folder. */
  readonly folder?: string;
  /** Default: the process's own. Temporal's own variables are read from the process always. */
  readonly environment?: { readonly [name: string]: string | undefined };
}

/**
 * Starts a worker; resolves when it polls and its steps are published.
 *
 * @example
 * const worker = await startWorker({ activities: (dependencies) => [...builtInActivities(dependencies), myRerank] });
 * process.once('SIGTERM', () => worker.stop());
 * await worker.ended;
 * @throws SluiceError `nothing_running`, `config_invalid`, `temporal_unreachable`, `database_unreachable`, `step_twice`
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { activities: implementations, folder = process.cwd(), environment = process.env } = settings;
  const runtime = await connectRuntime({ folder, config: readConfig(environment), implementations });
  return Object.freeze({ ended: runtime.worker!.ended, stop: () => runtime.stop() });
}
