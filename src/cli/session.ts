/**
 * What a command has while it runs: where to print, in which folder it works, when to stop, and a way to the servers.
 * Commands take a session and touch nothing global, so that tests can run them with other servers, or none.
 */
import type { Config } from '../config/config.ts';
import type { Serves } from '../embedded/dev-state.ts';
import type {
  DefinedDatasets,
  DefinedEvaluations,
  DefinedExperiments,
  DefinedMonitors,
  Project,
} from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { OpenedStore } from '../host/store-only.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes that programs rely on. 3, 4 and 5 are verdicts; 5 is a registration that was changed after it was locked. */
export const EXIT = {
  fine: 0,
  error: 1,
  usage: 2,
  worse: 3,
  inconclusive: 4,
  tampered: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The heavy parts, loaded when a command asks for them: printing help must not load Temporal. */
export interface Services {
  config(): Promise<Config>;
  project(): Promise<Project>;
  pipelines(): Promise<Project['pipelines']>;
  datasets(): Promise<DefinedDatasets>;
  evaluations(): Promise<DefinedEvaluations>;
  experiments(): Promise<DefinedExperiments>;
  monitors(): Promise<DefinedMonitors>;
  /** Attaches to servers that run. @throws SluiceError `nothing_running` */
  connect(): Promise<Runtime>;
  /** Starts what is not configured. @throws SluiceError `folder_busy`, `already_serving` */
  start(options: StartServers): Promise<Runtime>;
  /** The store alone, its database started where none is there. @throws SluiceError `folder_busy` */
  openStore(onProgress: (message: string) => void): Promise<OpenedStore>;
  /** A worker in this process, on servers that run. */
  connectWorker(project: Project): Promise<Runtime>;
}

export interface StartServers {
  /** Whether others may use the servers, or they are for one command. */
  readonly serves: Serves;
  /** Its steps run in a worker in this process; absent: no worker. */
  readonly project?: Project;
  readonly onProgress?: (message: string) => void;
}

export interface Session {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly environment: { readonly [name: string]: string | undefined };
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly services: Services;
  /** Asks whoever sits at the terminal; absent where nobody does, and under `--json`. */
  readonly ask?: (question: string) => Promise<string>;
}

/** Thrown where work was given up because the user asked for it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** How to go on. Printed when the servers of the command have stopped. */
  readonly lines: readonly string[];

  constructor(lines: readonly string[] = []) {
    super();
    this.lines = lines;
  }
}

/** How long what is under way may take, after Ctrl-C or SIGTERM, to end in its own way. */
export const END_LIMIT_MS = 1_000;

/** The promise, or `Interrupted` where it is not settled this long after the signal aborts. */
export async function orInterrupted<T>(signal: AbortSignal, promise: Promise<T>, limitMs = 0): Promise<T> {
  promise.catch(() => undefined); // told below, unless the interruption came first
  const settled = new AbortController();
  try {
    return await Promise.race([promise, interruption(signal, limitMs, settled.signal)]);
  } catch (error) {
    // Work that was given the signal ends with its reason.
    throw signal.aborted && error === signal.reason ? new Interrupted() : error;
  } finally {
    settled.abort();
  }
}

/** Rejects this long after the signal aborts, unless it is not waited for any more. */
export function interruption(signal: AbortSignal, limitMs = 0, unless?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const interrupt = () => {
      if (limitMs === 0) return reject(new Interrupted());
      const timer = setTimeout(() => reject(new Interrupted()), limitMs);
      unless?.addEventListener('abort', () => clearTimeout(timer), { once: true });
    };
    if (signal.aborted) return interrupt();
    signal.addEventListener('abort', interrupt, { once: true, ...(unless && { signal: unless }) });
  });
}

/** Who is at the command line, as the system calls them: what is changed is recorded with a name. */
export const userName = (environment: { readonly [name: string]: string | undefined }): string =>
  environment.USER ?? environment.USERNAME ?? 'unknown';

/** @throws SluiceError `config_invalid` */
export async function redactionOf({ environment }: Pick<Session, 'environment'>): Promise<Redaction> {
  const [{ readConfig }, { createRedaction }] = await Promise.all([
    import('../config/config.ts'),
    import('../redaction/redaction.ts'),
  ]);
  return createRedaction(readConfig(environment).redaction);
}

/** Whether the name was typed; false where nobody can be asked. */
export async function isNamed(session: Session, what: string, name: string): Promise<boolean> {
  if (session.ask === undefined) return false;
  const typed = await session.ask(`${what} Type ${name} to do it: `);
  return typed.trim() === name;
}
