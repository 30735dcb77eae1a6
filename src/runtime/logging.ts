/** Temporal's logger can be set once per process, before anything of it is used: so by the first who connects. */
import { DefaultLogger, type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Config } from './config.ts';

let installed = false;

export function installLogging({ logLevel }: Pick<Config, 'logLevel'>): void {
  if (installed) return;
  installed = true;
  const level = logLevel.toUpperCase() as LogLevel;
  const filter = makeTelemetryFilterString({ core: level, other: 'ERROR' });
  // Signals are ours to handle: the runtime decides in which order things end.
  Runtime.install({
    logger: new DefaultLogger(level),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter } },
  });
}
