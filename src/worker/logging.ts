/** Temporal's logger can be set once per process, before anything of it is used: so by the first who connects. */
import { formatWithOptions } from 'node:util';
import { DefaultLogger, type LogEntry, type LogLevel, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import { createRedaction } from '../redaction/redaction.ts';
import { NO_RULES } from '../redaction/rules.ts';

let installed = false;

export function installLogging({
  logLevel,
  redaction: rules = NO_RULES,
}: Pick<Config, 'logLevel'> & Partial<Pick<Config, 'redaction'>>): void {
  if (installed) return;
  installed = true;
  const level = logLevel.toUpperCase() as LogLevel;
  const filter = makeTelemetryFilterString({ core: level, other: 'ERROR' });
  const redaction = createRedaction(rules);
  // Signals are ours to handle: the runtime decides in which order things end.
  Runtime.install({
    logger: redaction.isOn ? new DefaultLogger(level, writer(redaction.text)) : new DefaultLogger(level),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter } },
  });
}

const NANOSECONDS_PER_MS = 1_000_000n;

/** As the library writes, the line being redacted whole: it holds errors, payloads and the log lines of steps. */
const writer =
  (redact: (text: string) => string) =>
  ({ level, timestampNanos, message, meta }: LogEntry): void => {
    const at = new Date(Number(timestampNanos / NANOSECONDS_PER_MS)).toISOString();
    const shown = meta === undefined ? '' : formatWithOptions({ colors: false }, ' %O', meta);
    process.stderr.write(`${redact(`${at} [${level}] ${message}${shown}`)}\n`);
  };

/** Logs a line of this process at the same level as Temporal's. */
export const warn = (message: string): void => Runtime.instance().logger.warn(message);
