/**
 * Failures of the servers that Sluice needs: the database, Temporal and the disk. Their messages name hosts, users and folders
 * for the operator, in logs and terminals. Records of runs and answers of the API leave these names out.
 */
import type { SluiceError } from './errors.ts';

const SERVER_CODE = /^(database|temporal|disk)_/;

export const isServerFailure = (code: string): boolean => SERVER_CODE.test(code);

const MESSAGES: ReadonlyMap<string, string> = new Map([
  ['database_full', 'the disk of the database is full'],
  ['database_timeout', 'the database did not finish in time'],
  ['database_unreachable', 'the database cannot be reached'],
  ['disk_full', 'the disk of the server is full, which starts nothing new until some space is freed'],
  ['temporal_busy', 'Temporal is busy'],
  ['temporal_full', 'the disk of Temporal is full'],
  ['temporal_unreachable', 'Temporal cannot be reached'],
]);

/** A failed connection in Node's error messages, with its address: a host and port, or the path of PostgreSQL's socket. */
const ADDRESS =
  /\b(connect|getaddrinfo) (E[A-Z_]{2,20}) (?:\/[^\n]{0,300}?\.s\.PGSQL\.\d+|\S+)(?: - Local \([^)\s]{0,100}\))?/g;

export const withoutAddress = (text: string): string => text.replace(ADDRESS, '$1 $2');

/** The message of an error without hosts and folders. */
export const messageWithoutPlace = ({ code, message }: SluiceError): string =>
  isServerFailure(code)
    ? (MESSAGES.get(code) ?? `a server that Sluice needs failed (${code})`)
    : withoutAddress(message);

/** An error as it is recorded: without hosts and folders. */
export function recordedParts(error: SluiceError): Pick<SluiceError, 'message' | 'remedy' | 'data'> {
  const { code, remedy, data } = error;
  const message = messageWithoutPlace(error);
  if (!isServerFailure(code)) return { message, remedy: withoutAddress(remedy), data: dataWithoutAddress(data) };
  const { sqlState } = data;
  return { message, remedy: RECORDED_REMEDY, data: sqlState === undefined ? {} : { sqlState } };
}

const RECORDED_REMEDY = 'the log of the worker names the server; `sluice doctor` says what is down';

const dataWithoutAddress = (data: SluiceError['data']): SluiceError['data'] =>
  JSON.parse(JSON.stringify(data), (_, value: unknown) => (typeof value === 'string' ? withoutAddress(value) : value));
