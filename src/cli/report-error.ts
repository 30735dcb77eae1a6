/**
 * The one printer of errors: what failed and why in the first line, then what to do. No stack trace unless `--debug`
 * asks for it. Errors that are not ours are said plainly too; what the system says of disks and ports gets a remedy.
 */
import { inspect } from 'node:util';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import type { Terminal } from './terminal.ts';

export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly data: { readonly [key: string]: Json };
}

const SYSTEM_ERRORS: { readonly [code: string]: readonly [message: string, remedy: string] } = {
  ENOSPC: ['the disk is full', 'free some space and run the command again; what was finished is kept'],
  EACCES: ['permission was denied', 'check who owns the file and its mode'],
  EROFS: ['the file system is read-only', 'use a folder that can be written'],
  EMFILE: ['too many files are open', 'raise the limit: ulimit -n 4096'],
  ECONNREFUSED: ['nothing answers at the address', 'see what is down: sluice doctor'],
};

/** What an error says, as data. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof SluiceError) {
    const { code, message, remedy, data } = error;
    return { code, message: withCause(message, error.cause), remedy, data };
  }
  const { code, path } = systemFacts(error);
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code];
  if (code !== undefined && known !== undefined) {
    const [message, remedy] = known;
    return { code, message: path === undefined ? message : `${message}: ${path}`, remedy, data: {} };
  }
  return {
    code: 'unexpected',
    message: `something went wrong that should not: ${firstLine(error)}`,
    remedy: 'run the same command with --debug and report what it prints',
    data: {},
  };
}

/** Prints an error to stderr; under `--json` also as `{ "error": ... }` to stdout. */
export function printError(terminal: Terminal, error: unknown): void {
  const report = reportOf(error);
  const [first = '', ...others] = report.message.split('\n');
  terminal.warn(`✖ ${first}`);
  for (const line of [...others, ...report.remedy.split('\n')]) terminal.warn(`  ${line}`);
  if (terminal.debug) terminal.warn(inspect(error, { depth: 4 }));
  if (terminal.json) terminal.printJson({ error: report });
}

/** A cause is said once: not when the message has it already. */
function withCause(message: string, cause: unknown): string {
  if (cause === undefined || cause === null) return message;
  const why = firstLine(cause);
  return why === '' || message.includes(why) ? message : `${message}\n${why}`;
}

function systemFacts(error: unknown): { readonly code?: string; readonly path?: string } {
  const failed = error instanceof AggregateError ? error.errors[0] : error;
  if (!(failed instanceof Error)) return {};
  const { code, path } = failed as NodeJS.ErrnoException;
  return { ...(typeof code === 'string' && { code }), ...(typeof path === 'string' && { path }) };
}

function firstLine(error: unknown): string {
  const inner = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  return (inner instanceof Error ? inner.message : String(inner)).trim().split('\n')[0] ?? '';
}
