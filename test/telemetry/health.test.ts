import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { DISK_FULL_BELOW_BYTES, DISK_LOW_BELOW_BYTES } from '../../src/embedded/disk-space.ts';
import type { LiveExperiment } from '../../src/store/vitals.ts';
import { type Health, healthOf, MOVED_MS, OVERDUE_MS, watchHealth } from '../../src/telemetry/health.ts';
import { wellParts } from './vitals-fake.ts';

const MINUTE = 60_000;
const checkOf = ({ checks }: Health, name: string) => checks.find((check) => check.name === name);

const live = (experimentId: string, more: Partial<LiveExperiment> = {}): LiveExperiment => ({
  ...{ experimentId, pipeline: 'docs-bot', state: 'running', lookEveryMs: MINUTE, looks: 3, decision: 'continue' },
  ...{ quietMs: 0, ...more },
});

describe('health', () => {
  test('all is well', async () => {
    const health = await healthOf(wellParts({}));
    expect(health.status).toBe('ok');
    expect(health.checks.map(({ name, status, stalled }) => [name, status, stalled])).toEqual([
      ['database', 'ok', null],
      ['temporal', 'ok', null],
      ['disk', 'ok', null],
      ['workers', 'ok', null],
      ['score_tasks', 'ok', 0],
      ['evaluations', 'ok', 0],
      ['experiments', 'ok', 0],
      ['monitors', 'ok', 0],
      ['runs', 'ok', 0],
    ]);
  });

  test.each([
    ['database', wellParts({ vitals: { answers: () => Promise.reject(refused()) } })],
    ['temporal', wellParts({ temporal: { answers: () => Promise.reject(refused()) } })],
    ['workers', wellParts({ vitals: { workers: async () => 0 } })],
  ])('without %s it is down, and says so without a name', async (name, parts) => {
    const health = await healthOf(parts);
    expect([health.status, checkOf(health, name)?.status]).toEqual(['down', 'down']);
    expect(checkOf(health, name)?.remedy).not.toBeNull();
    expect(JSON.stringify(health)).not.toContain('db.internal');
    expect(health.checks.filter(({ status }) => status !== 'ok')).toHaveLength(1);
  });

  test.each([
    [
      'score_tasks',
      wellParts({
        vitals: { unscored: async () => ({ count: 1, first: [{ experimentId: 'rerank', waitingMs: 11 * MINUTE }] }) },
      }),
      'rerank: its oldest run has waited 11 min',
    ],
    [
      'evaluations',
      wellParts({
        vitals: {
          idleEvaluations: async () => ({
            count: 31,
            first: [{ evaluationId: 'eval-a', state: 'running', idleMs: 180 * MINUTE }],
          }),
        },
      }),
      'eval-a: running, without a result for 3 h',
    ],
    [
      'runs',
      wellParts({ vitals: { unendedRuns: async () => ({ count: 2, first: [{ runId: 'run-a', ageMs: 70_000 }] }) } }),
      'run-a: for 1 min 10 s',
    ],
    [
      'monitors',
      wellParts({
        monitors: [
          {
            ...{ monitorId: 'grounded@1', pipeline: 'docs-bot', waiting: 4, waitingMs: 20 * MINUTE },
            ...{ sinceScoredMs: 20 * MINUTE, alert: 'ok', alertSince: null, isOutOfBudget: false },
          },
        ],
      }),
      'grounded@1: its oldest run has waited 20 min',
    ],
  ])('%s that stand still degrade it: counted for everybody, named apart', async (name, parts, thing) => {
    const health = await healthOf(parts);
    const { detail, things, stalled, status } = checkOf(health, name)!;
    expect([health.status, status, things]).toEqual(['degraded', 'degraded', [thing]]);
    expect(stalled).toBeGreaterThan(0);
    expect(detail).toContain(String(stalled));
    expect(detail).not.toContain(thing.split(':')[0]);
  });

  test.each([
    [DISK_FULL_BELOW_BYTES - 1, 'down', 'the disk is full: 31 MB free, 32 MB needed'],
    [DISK_FULL_BELOW_BYTES, 'degraded', '32 MB free on the disk'],
    [DISK_LOW_BELOW_BYTES, 'ok', '200 MB free on the disk'],
  ])('with %d bytes free on the disk it is %s, and the folder is named apart', async (freeBytes, status, detail) => {
    const folder = '/srv/docs/.sluice';
    const health = await healthOf({ ...wellParts({}), diskSpace: async () => ({ folder, freeBytes }) });
    const found = checkOf(health, 'disk')!;
    expect([health.status, found.status, found.detail]).toEqual([status, status, detail]);
    expect(found.things).toEqual(status === 'ok' ? [] : [folder]);
    expect(found.remedy).toEqual(status === 'ok' ? null : expect.stringMatching(/^free some space on the disk: /));
  });

  test('a disk that cannot be read degrades it', async () => {
    const diskSpace = () => Promise.reject(new Error('ENOENT: /srv/docs'));
    const health = await healthOf({ ...wellParts({}), diskSpace });
    expect(checkOf(health, 'disk')).toMatchObject({ status: 'degraded', remedy: expect.any(String) });
    expect(JSON.stringify(health)).not.toContain('/srv/docs');
  });

  test('experiments are asked for by what the store deadlines them by', async () => {
    const asked: number[] = [];
    const remember = async (ms: number) => {
      asked.push(ms);
      return { count: 0, first: [] };
    };
    await healthOf(wellParts({ vitals: { unscored: remember, idleEvaluations: remember, unendedRuns: remember } }));
    expect(asked).toEqual([10 * MINUTE, 10 * MINUTE, 15 * MINUTE]);
  });

  test('an experiment is overdue when its look is, unless it is paused; and ill when its workflow is gone', async () => {
    const due = MINUTE + OVERDUE_MS;
    const rows = [
      live('in-time', { quietMs: due }),
      live('overdue', { quietMs: due + 1 }),
      live('hourly', { quietMs: due + 1, lookEveryMs: 60 * MINUTE }),
      live('paused', { quietMs: 9 * due, state: 'paused' }),
      live('lost', { quietMs: MOVED_MS + 1, lookEveryMs: 60 * MINUTE, state: 'rolling' }),
      live('just-began', { quietMs: MOVED_MS }),
    ];
    const asked: string[] = [];
    const runs = async (workflowId: string) => {
      asked.push(workflowId);
      return workflowId !== 'rollout-lost';
    };
    const health = await healthOf(wellParts({ vitals: { liveExperiments: async () => rows }, temporal: { runs } }));
    expect(checkOf(health, 'experiments')).toMatchObject({
      ...{ status: 'degraded', stalled: 2 },
      detail: 'of 6 live, 1 overdue for a look, and 1 without a workflow',
      things: ['overdue: no look for 6 min, with one due every 1 min', 'lost: its workflow is gone'],
    });
    expect(asked).toEqual([
      ...['experiment-in-time', 'experiment-overdue', 'experiment-hourly', 'experiment-paused', 'rollout-lost'],
    ]);
  });

  test('of many experiments only some workflows are asked about', async () => {
    let asked = 0;
    const rows = Array.from({ length: 300 }, (_, n) => live(`e${n}`, { quietMs: MOVED_MS + 1 }));
    const runs = async () => {
      asked += 1;
      return true;
    };
    await healthOf(wellParts({ vitals: { liveExperiments: async () => rows }, temporal: { runs } }));
    expect(asked).toBe(20);
  });

  test('a check that hangs is a finding in time, and is not asked again until it ends', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const answers = () => {
      asked += 1;
      return promise;
    };
    const health = watchHealth(wellParts({ vitals: { answers } }), { limitMs: 5, keptMs: 0 });
    for (const _ of [1, 2, 3])
      expect(checkOf(await health(), 'database')).toMatchObject({ status: 'down', detail: 'no answer within 0.005 s' });
    expect(asked).toBe(1);
    resolve();
    await promise;
    await expect.poll(async () => checkOf(await health(), 'database')?.status).toBe('ok');
    expect(asked).toBeGreaterThan(1);
  });

  test('however many ask at a time, it is looked at once, and then again when two seconds have passed', async () => {
    let [asked, at] = [0, 0];
    const workers = async () => {
      asked += 1;
      return 1;
    };
    const health = watchHealth(wellParts({ vitals: { workers } }), { now: () => at });
    await Promise.all(Array.from({ length: 50 }, health));
    at = 1_999;
    await health();
    expect(asked).toBe(1);
    at = 2_000;
    await health();
    expect(asked).toBe(2);
  });
});

const refused = () =>
  new SluiceError('database_unreachable', { message: 'db.internal:5432 refuses', remedy: 'look at db.internal' });
