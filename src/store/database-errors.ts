/** What PostgreSQL and the network say when something fails, in our words: one table from their codes to our errors. */
import { type ErrorParts, SluiceError } from '../base/errors.ts';
import { isServerFailure } from '../base/server-failures.ts';

/** The network's and PostgreSQL's codes for "not now, perhaps in a moment". */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  '08000', // connection_exception
  '08001', // unable to establish
  '08003', // connection does not exist
  '08006', // connection_failure
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting up
  '40001', // serialization_failure
  '40P01', // deadlock_detected
]);
/** pg gives these no code. */
const PASSING_MESSAGE = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a con)/;
const TIMEOUT_MESSAGE = 'Query read timeout';

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)) || codeOf(error);

/** Whether the same statement may succeed if made again shortly. */
export function isPassing(error: unknown): boolean {
  return PASSING_CODES.has(codeOf(error)) || PASSING_MESSAGE.test(messageOf(error)) || isSocketMissing(error);
}

/** Whether the Unix socket is not there: its server has ended, or has not yet begun. */
const isSocketMissing = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' && (error as { syscall?: unknown }).syscall === 'connect';

/** Whether we gave a statement up, which may still run. */
export const isTimeout = (error: unknown): error is Error => messageOf(error) === TIMEOUT_MESSAGE;

/** The typed error for a failure of the database at `place` that `elapsedMs` of trying did not mend. */
export function describeFailure(error: unknown, place: string, elapsedMs: number): SluiceError {
  const [code, parts] = translate(error, place, elapsedMs);
  // Clients receive the other errors whole, which are about values: these carry no place.
  const data = { ...(isServerFailure(code) && { place }), sqlState: codeOf(error), ...parts.data };
  return new SluiceError(code, { ...parts, data, cause: error });
}

function translate(error: unknown, place: string, elapsedMs: number): [code: string, parts: ErrorParts] {
  const code = codeOf(error);
  const reason = messageOf(error);
  if (isFull(error)) return ['database_full', fullParts(place)];
  if (isTimeout(error))
    return [
      'database_timeout',
      {
        message: `the database at ${place} did not finish a statement within ${seconds(elapsedMs)}`,
        remedy: 'see what else it is doing; the same work can be asked again',
        retryable: true,
      },
    ];
  if (isPassing(error) || code === 'ENOTFOUND')
    return [
      'database_unreachable',
      {
        message: `the database at ${place} cannot be reached (${reason}), tried for ${seconds(elapsedMs)}`,
        remedy: 'start it, or correct DATABASE_URL; without DATABASE_URL `sluice dev` brings its own',
        retryable: true,
      },
    ];
  const known = BY_STATE[code]?.(reason, place);
  if (known !== undefined) return known;
  return [
    'database_error',
    {
      message: `the database at ${place} refused a statement: ${reason}${code && ` (${code})`}`,
      remedy: 'this is a defect of Sluice or a database changed by hand; report it with the code',
    },
  ];
}

type Translation = (reason: string, place: string) => [code: string, parts: ErrorParts];

const refused: Translation = (reason, place) => [
  'database_refused',
  {
    message: `the database at ${place} does not let us in: ${reason}`,
    remedy: 'correct the user, password or database name in DATABASE_URL, or grant the rights',
  },
];
const unstorable: Translation = (reason) => [
  'text_unstorable',
  {
    message: `a text cannot be stored: ${reason}`,
    remedy: 'remove NUL characters and lone surrogates from ids and questions',
  },
];
const unreadable: Translation = (reason) => [
  'value_invalid',
  {
    message: `a value is out of range or of another type: ${reason}`,
    remedy: 'give a number or time that PostgreSQL can hold, in the years 1 to 9999',
  },
];
const BY_STATE: { readonly [state: string]: Translation } = {
  '28000': refused,
  '28P01': refused,
  '3D000': refused,
  '42501': refused,
  '22003': unreadable, // numeric_value_out_of_range
  '22007': unreadable, // invalid_datetime_format
  '22008': unreadable, // datetime_field_overflow
  '22009': unreadable, // invalid_time_zone_displacement_value
  '22P02': unreadable, // invalid_text_representation
  '22021': unstorable,
  '22P05': unstorable,
  '42P01': (reason, place) => [
    'database_not_migrated',
    {
      message: `the database at ${place} lacks a table: ${reason}`,
      remedy: 'start `sluice dev` or `sluice worker` once, which brings the database up to date',
    },
  ],
};

/** PostgreSQL's disk_full, and the system's codes for a full disk and a used up quota. */
const FULL_CODES: ReadonlySet<string> = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** As PostgreSQL, SQLite and the system say it, also where another server repeats it. */
const FULL_MESSAGE =
  /no space left on device|could not extend file|disk is full|disk quota exceeded|ENOSPC|SQLSTATE 53100/i;

/** Whether a failure, of a database or of a file, says that the disk is full. */
export function isFull(error: unknown): boolean {
  return FULL_CODES.has(codeOf(error)) || FULL_MESSAGE.test(messageOf(error));
}

function fullParts(place: string): ErrorParts {
  return {
    message: `the disk of the database at ${place} is full`,
    remedy: 'free some space and ask again; what was stored before is kept',
    retryable: true,
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
