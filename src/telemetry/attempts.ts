/**
 * The attempts of a node run, of which the record has a part: those that failed and those after them have rows, a first one
 * that succeeded is told by the node run, and one of which nothing came back is known by its number being left out.
 */
import type { Json } from '../plan/plan.ts';
import type { NodeRunRow } from '../store/runs.ts';
import type { AttemptRow, TracedCallRow } from '../store/traces.ts';
import type { Shown, TraceAttempt, TraceCall } from './trace.ts';

/** What the record has of one node run. */
export interface Recorded {
  readonly key: string;
  /** Absent while the run is under way, and where it was ended from outside. */
  readonly row: NodeRunRow | undefined;
  readonly attempts: readonly AttemptRow[];
  readonly calls: readonly TracedCallRow[];
}

type Call = AttemptRow['call'];

/** More are counted, but not shown. */
const MOST_SHOWN = 100;

/** @param isRunning whether more may come: the run has not ended */
export function attemptsOf(recorded: Recorded, isRunning: boolean): readonly TraceAttempt[] {
  const counts = countsOf(recorded);
  return (['step', 'fallback'] as const).flatMap((call) =>
    Array.from({ length: Math.min(counts[call], MOST_SHOWN) }, (_, index) =>
      attemptOf(recorded, { call, attempt: index + 1, counts, isRunning }),
    ),
  );
}

/** How many there were of each call, by whatever tells of one. */
function countsOf({ row, attempts, calls }: Recorded): { readonly [call in Call]: number } {
  const known = (call: Call) =>
    Math.max(
      0,
      ...attempts.filter((each) => each.call === call).map(({ attempt }) => attempt),
      ...calls.filter((each) => callOf(each) === call).map(({ attempt }) => attempt),
    );
  if (!row || row.call === null || row.attempts === 0) return { step: known('step'), fallback: known('fallback') };
  if (row.call === 'step') return { step: Math.max(known('step'), row.attempts), fallback: known('fallback') };
  const fallback = Math.max(known('fallback'), 1);
  return { step: Math.max(known('step'), row.attempts - fallback), fallback };
}

interface Which {
  readonly call: Call;
  readonly attempt: number;
  readonly counts: { readonly [call in Call]: number };
  readonly isRunning: boolean;
}

function attemptOf(recorded: Recorded, which: Which): TraceAttempt {
  const { call, attempt } = which;
  const row = recorded.attempts.find((each) => each.call === call && each.attempt === attempt);
  const made = recorded.calls.filter((each) => callOf(each) === call && each.attempt === attempt);
  const calls = made.map(traceCall);
  if (row) {
    const { step, outcome, queuedMs, worker, error, startedAt, durationMs } = row;
    return { call, attempt, step, outcome, queuedMs, worker, error, startedAt, endedAt: startedAt + durationMs, calls };
  }
  const ending = endingOf(recorded, which);
  const begun = made.map(({ startedAt }) => startedAt);
  const startedAt = ending.startedAt ?? (begun.length > 0 ? Math.min(...begun) : null);
  return { call, attempt, step: stepOf(recorded, call), queuedMs: null, worker: null, ...ending, startedAt, calls };
}

type Ending = Pick<TraceAttempt, 'outcome' | 'startedAt' | 'endedAt' | 'error'> & { readonly queuedMs?: number | null };

/** What became of an attempt that has no row. */
function endingOf({ row }: Recorded, { call, attempt, counts, isRunning }: Which): Ending {
  const isLast = attempt === counts[call] && (call === 'fallback' || counts.fallback === 0);
  if (isLast && row === undefined && isRunning)
    return { outcome: 'running', startedAt: null, endedAt: null, error: null };
  if (!isLast || row === undefined) return lost();
  switch (row.outcome) {
    case 'completed':
    case 'fallback': {
      const isOnly = counts.step + counts.fallback === 1;
      const { startedAt, durationMs, queuedMs } = row;
      const endedAt = startedAt === null || durationMs === null ? null : startedAt + durationMs;
      if (!isOnly || startedAt === null) return { outcome: 'completed', startedAt: null, endedAt, error: null };
      return { outcome: 'completed', startedAt: startedAt + (queuedMs ?? 0), endedAt, error: null, queuedMs };
    }
    case 'cancelled':
      return { outcome: 'cancelled', startedAt: null, endedAt: null, error: null };
    default:
      return lost(row.error);
  }
}

const lost = (error: Json = null): Ending => ({
  outcome: 'lost',
  startedAt: null,
  endedAt: null,
  error: error ?? {
    code: 'worker_lost',
    message: 'nothing came back of this attempt: its worker ended, or was cut off',
  },
});

const stepOf = ({ row, attempts }: Recorded, call: Call): string | null =>
  attempts.find((each) => each.call === call)?.step ?? (row?.call === call ? row.step : null);

/** Fallbacks have an idempotency key of their own. */
const callOf = ({ idempotencyKey }: TracedCallRow): Call =>
  idempotencyKey.endsWith(':fallback') ? 'fallback' : 'step';

function traceCall({ key: _, attempt: _of, request, response, ...call }: TracedCallRow): TraceCall {
  const isOver = call.status === 'done' || call.status === 'failed';
  return {
    ...call,
    request: shown(request, 'what was sent is not kept'),
    response: shown(response, isOver ? 'what came back is not kept' : 'nothing came back'),
  };
}

const shown = (value: Json, missing: string): Shown => (value === null ? { missing } : { value });
