/** Temporal's logger can be set once per process, before anything of it is used: so by the first who connects. */
import { DefaultLogger, type LogLevel, Runtime } from '@temporalio/worker';
import type { Config } from './config.ts';

let installed = false;

export function installLogging({ logLevel }: Config): void {
  if (installed) return;
  installed = true;
  const logger = new DefaultLogger(logLevel.toUpperCase() as LogLevel);
  // Signals are ours to handle: the runtime decides in which order things end.
  Runtime.install({ logger, shutdownSignals: [] });
}
