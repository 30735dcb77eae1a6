/** A failed attempt whose error names the place of the database: what Temporal and the record hold does not. */
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { asActivity } from '../../../activities/as-activity.ts';
import { SluiceError } from '../../../src/base/errors.ts';
import { implement } from '../../../src/boundary/implement.ts';
import { createNoteAttempt, createStepActivities } from '../../../src/boundary/temporal.ts';
import { defineStep } from '../../../src/index.ts';
import { describeFailure } from '../../../src/store/database-errors.ts';
import type { AttemptRow } from '../../../src/store/traces.ts';
import { plan, step } from '../../plan/by-hand.ts';

const PLACE = 'zq-db.example:5432/zq';
const SOCKET = '/srv/zq state/.s.PGSQL.5432';
const failed = (code: string, message: string) => Object.assign(new Error(message), { code, syscall: 'connect' });
const ERRORS: readonly [name: string, error: Error, code: string, left: RegExp][] = [
  ...['ECONNREFUSED', '28P01', '42P01', '53100', 'XX000'].map((code): (typeof ERRORS)[number] => [
    `of the database, ${code}`,
    describeFailure(failed(code, `connect ${code} 10.9.8.7:5432`), PLACE, 10_000),
    'database_',
    /database/,
  ]),
  ['of a value', describeFailure(failed('22P05', 'unsupported escape'), PLACE, 1), 'text_unstorable', /unsupported/],
  [
    'of Temporal',
    new SluiceError('temporal_unreachable', { message: `none at ${PLACE}`, remedy: `start ${PLACE}` }),
    'temporal_unreachable',
    /Temporal/,
  ],
  ['of a connection', failed('ECONNREFUSED', 'connect ECONNREFUSED 10.9.8.7:5432'), 'Error', /^connect ECONNREFUSED$/],
  ['of IPv6', failed('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432 - Local (fe80::9:0)'), 'Error', /ECONNREFUSED$/],
  ['of a name', failed('ENOTFOUND', 'getaddrinfo ENOTFOUND zq-db.example'), 'Error', /^getaddrinfo ENOTFOUND$/],
  ['of a socket', failed('ENOENT', `connect ENOENT ${SOCKET}`), 'Error', /^connect ENOENT$/],
  [
    'quoted by a step',
    new SluiceError('lookup_failed', {
      message: 'the lookup failed: connect ETIMEDOUT 10.9.8.7:5432',
      remedy: 'try again',
      data: { why: 'connect ETIMEDOUT 10.9.8.7:5432', of: ['getaddrinfo EAI_AGAIN zq-db.example'] },
    }),
    'lookup_failed',
    /^the lookup failed: connect ETIMEDOUT$/,
  ],
];
const NAMES = /zq|:5432|10\.9\.8\.7|::1|fe80|PGSQL/;

const Anything = z.object({});
const policy = { attempts: 1, timeout: '10 seconds' } as const;
const a = defineStep('a', { version: 1, input: Anything, output: Anything, effect: 'read', policy });
const CALL = { planId: 'p', node: 'a', key: 'a', call: 'step', input: {} } as const;

/** What a failed activity leaves in the history, and in the rows of attempts. */
async function leftBy(error: Error, isCancelled = false) {
  const environment = new MockActivityEnvironment();
  const rows: AttemptRow[] = [];
  const attempts = { record: async (_: string, row: AttemptRow) => void rows.push(row) };
  const activities = createStepActivities([implement(a, () => Promise.reject(error))], {
    payloads: { put: async () => undefined, get: async () => new Map() },
    plans: {
      get: async () => {
        if (!isCancelled) return plan([step('a')]);
        environment.cancel();
        throw error;
      },
    },
    noteAttempt: createNoteAttempt(attempts, 'worker'),
  });
  const thrown: unknown[] = [];
  await environment.run(activities['a@1']!, CALL).catch((failure: unknown) => thrown.push(failure));
  await environment
    .run(() => asActivity(1_000, () => Promise.reject(error)))
    .catch((failure: unknown) => thrown.push(failure));
  const history = thrown.map((failure) => defaultFailureConverter.errorToFailure(failure, defaultPayloadConverter));
  const details = history.flatMap(({ applicationFailureInfo: of }) =>
    (of?.details?.payloads ?? []).map((payload) => Buffer.from(payload.data!).toString()),
  );
  return { rows, thrown, text: JSON.stringify({ rows, history, details }) };
}

describe('a failed attempt', () => {
  test.each(ERRORS)('an error %s is recorded without a host, port or path', async (_, error, code, left) => {
    const { rows, thrown, text } = await leftBy(error);
    expect(text).not.toMatch(NAMES);
    expect(thrown).toEqual(
      Array(2).fill(
        expect.objectContaining({ type: expect.stringContaining(code), message: expect.stringMatching(left) }),
      ),
    );
    expect(rows).toMatchObject([{ outcome: 'failed', error: { code: expect.stringContaining(code) } }]);
  });
});

test('the cause of a cancellation names none either', async () => {
  const { rows, text } = await leftBy(ERRORS[0]![1], true);
  expect(text).not.toMatch(NAMES);
  expect(rows).toMatchObject([{ outcome: 'cancelled' }]);
});
