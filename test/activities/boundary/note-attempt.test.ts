/** Which attempts are kept, and that none is held up for it. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createNoteAttempt } from '../../../src/boundary/temporal.ts';
import type { AttemptRow } from '../../../src/store/traces.ts';

const trace = (attempt: number) => ({ attempt, scheduledAt: 1, startedAt: 2, durationMs: 3, queuedMs: 1 });
const step = { key: 'draft[2]', call: 'step' } as const;

function notes(record: (row: AttemptRow) => Promise<void> = async () => undefined) {
  const rows: AttemptRow[] = [];
  const note = createNoteAttempt(
    {
      record: (runId, row) => {
        expect(runId).toBe('run-1');
        rows.push(row);
        return record(row);
      },
    },
    '7@host',
    5,
  );
  return { rows, note };
}

test('the first attempt that succeeds leaves nothing behind; a later one, and the fallback, do', async () => {
  const { rows, note } = notes();
  await note('run-1', step, 'generate@2', trace(1));
  expect(rows).toEqual([]);
  await note('run-1', step, 'generate@2', trace(2));
  await note('run-1', { ...step, call: 'fallback' }, 'keep@1', trace(1));
  expect(rows).toMatchObject([
    { key: 'draft[2]', call: 'step', attempt: 2, outcome: 'completed', worker: '7@host', startedAt: 2, error: null },
    { call: 'fallback', attempt: 1, step: 'keep@1', outcome: 'completed' },
  ]);
});

test('a failure is kept as the server is told it; a cancellation as that', async () => {
  const { rows, note } = notes();
  const details = [{ trace: trace(1), remedy: 'wait', data: { status: 503 } }];
  await note(
    'run-1',
    step,
    's@1',
    trace(1),
    ApplicationFailure.create({ type: 'overloaded', message: 'busy', details }),
  );
  await note('run-1', step, 's@1', trace(2), ApplicationFailure.create({ message: 'odd', details: [{ data: {} }] }));
  await note('run-1', step, 's@1', trace(3), new CancelledFailure('cancelled'));
  expect(rows.map(({ outcome, error }) => [outcome, error])).toEqual([
    ['failed', { code: 'overloaded', message: 'busy', remedy: 'wait', data: { status: 503 } }],
    ['failed', { code: 'Error', message: 'odd' }],
    ['cancelled', null],
  ]);
});

test('a database that fails, or takes long, holds nothing up', async () => {
  const failing = notes(() => Promise.reject(new Error('away')));
  await failing.note('run-1', step, 's@1', trace(2));
  const slow = notes(() => new Promise(() => undefined));
  await slow.note('run-1', step, 's@1', trace(2));
  expect(slow.rows).toHaveLength(1);
});
