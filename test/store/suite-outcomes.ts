/** Exposures and outcomes: whatever their order, the same comes of them. */
import { describe, expect, test } from 'vitest';
import { analysisRecord } from '../../src/experiment/analysis-record.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { AnalysisData } from '../../src/model/analysis-data.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { NewExposure, NewOutcome } from '../../src/store/outcomes.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import {
  deployNext,
  FAILED,
  lookRequest,
  METRICS,
  MINUTE,
  metricOf,
  repeating,
  settingsOf,
  startOf,
} from './experiment-helpers.ts';
import { expectedLook } from './outcome-law.ts';
import type { Subject } from './suite.ts';

type Event = { readonly exposure: NewExposure } | { readonly outcome: NewOutcome };

/** Events that come at once. */
const CHUNK = 120;

export function describeOutcomes(subject: Subject): void {
  const started = async (name: string) => {
    await deployNext(subject, name);
    return startOf(subject, name, name);
  };
  const at = (minutes: number) => subject.at + minutes * MINUTE;
  const outcomeOf = ({ experimentId }: ExperimentRow, more: Partial<NewOutcome> = {}): NewOutcome => ({
    experiment: experimentId,
    unit: 'u',
    arm: 1,
    metric: 0,
    runId: 'run',
    deliveryId: 'd',
    v: 1_000_000,
    at: at(1),
    receivedAt: at(1),
    ...more,
  });
  const exposureOf = ({ experimentId }: ExperimentRow, more: Partial<NewExposure> = {}): NewExposure => ({
    experiment: experimentId,
    unit: 'u',
    arm: 1,
    stage: 1,
    probability: 1 / 3,
    runId: 'run',
    at: at(0),
    ...more,
  });
  const put = (row: ExperimentRow, outcomes: readonly NewOutcome[], { outcomes: part } = subject.store) =>
    part.put(outcomes, new Map([[row.experimentId, settingsOf(row)]]));
  const look = (row: ExperimentRow, minutes: number, more = {}): Promise<AnalysisData> =>
    subject.store.outcomes.look(row.experimentId, lookRequest(row, at(minutes), more));

  /** Several events at a time, of both kinds, as they come. */
  const deliver = async (row: ExperimentRow, events: readonly Event[], stores: readonly Store[]) => {
    const chunks = [...Array(Math.ceil(events.length / CHUNK)).keys()].map((n) =>
      events.slice(CHUNK * n, CHUNK * (n + 1)),
    );
    await Promise.all(
      stores.map(async (store, index) => {
        for (const chunk of chunks.filter((_, n) => n % stores.length === index)) {
          await put(
            row,
            chunk.flatMap((event) => ('outcome' in event ? [event.outcome] : [])),
            store,
          );
          await store.outcomes.expose(chunk.flatMap((event) => ('exposure' in event ? [event.exposure] : [])));
        }
      }),
    );
  };

  describe('outcomes', () => {
    test('once and in order, or twice, shuffled and from two clients at once: the same look, which is what the law says', async () => {
      const rows = await Promise.all(['o-once', 'o-twice'].map(started));
      const [once, twice] = rows.map((row) => randomEvents(row, 7));
      const inTime = [...once!].sort((a, b) => timeOf(a) - timeOf(b));
      await deliver(rows[0]!, inTime, [subject.store]);
      const other = openDatabase(subject.url);
      const stores = [repeating(subject).store, createStore(other, { clock: () => subject.at })];
      await deliver(rows[1]!, shuffled([...twice!, ...twice!], 3), stores).finally(() => other.close());
      const [first, second] = await Promise.all(rows.map((row) => look(row, 40)));
      const expected = expectedLook({
        exposures: once!.flatMap((event) => ('exposure' in event ? [event.exposure] : [])),
        outcomes: once!.flatMap((event) => ('outcome' in event ? [event.outcome] : [])),
        settings: settingsOf(rows[0]!),
        watermark: at(40),
      });
      expect(first).toEqual(expected);
      expect(second).toEqual(expected);
      // It would say little of a law that nothing has tried.
      expect(Math.min(...Object.values(first!.counts))).toBeGreaterThan(2);
      expect(first!.cells.filter(({ metric, capped }) => metric === 2 && capped > 0)).not.toEqual([]);
      expect(new Set(first!.cells.map(({ metric }) => metric)).size).toBe(METRICS.length);
    });

    test('squares and products are exact, where a bigint ends and far beyond, on either side of 0', async () => {
      const row = await started('o-exact');
      const values = [0, 1, -1, 3_037_000_499, -3_037_000_499, 3_037_000_500, -3_037_000_501, 1e15, -(1e15 - 1)];
      const denominators = values.map((_, n) => 1e15 - n * 9_999_999_999);
      await subject.store.outcomes.expose(values.map((_, n) => exposureOf(row, { unit: `u${n}`, stage: 300 })));
      await put(
        row,
        values.flatMap((v, n) => [
          outcomeOf(row, { unit: `u${n}`, v }),
          outcomeOf(row, { unit: `u${n}`, metric: 3, v, d: denominators[n]! }),
        ]),
      );
      const sum = (of: (v: bigint, d: bigint) => bigint) =>
        String(values.reduce((total, v, n) => total + of(BigInt(v), BigInt(denominators[n]!)), 0n));
      const { cells } = await look(row, 40);
      const sums = { stage: 300, arm: 1, n: values.length, v: sum((v) => v), vv: sum((v) => v * v), capped: 0 };
      const products = { d: sum((_, d) => d), dd: sum((_, d) => d * d), vd: sum((v, d) => v * d) };
      expect(cells).toEqual([
        { metric: 0, ...sums, d: '0', dd: '0', vd: '0', quantile: null },
        { metric: 3, ...sums, ...products, quantile: null },
      ]);
    });

    test('a thumb that came before its exposure is counted when that comes', async () => {
      const row = await started('o-early');
      await put(row, [outcomeOf(row, { v: 5, at: at(2), receivedAt: at(2) })]);
      expect((await look(row, -1)).cells).toEqual([]);
      await subject.store.outcomes.expose([exposureOf(row)]);
      const { cells, exposed, matured } = await look(row, 20);
      expect(cells).toMatchObject([{ metric: 0, stage: 1, arm: 1, n: 1, v: '5', vv: '25' }]);
      expect(exposed).toEqual([{ stage: 1, arm: 1, n: 1 }]);
      expect(matured.map(({ windowMs }) => windowMs)).toEqual([10 * MINUTE, 20 * MINUTE]);
    });

    test('a unit that met two arms is in neither, whatever had been summed up of it', async () => {
      const row = await started('o-two');
      const { outcomes } = subject.store;
      await outcomes.expose(['u', 'w'].map((unit) => exposureOf(row, { unit })));
      await put(
        row,
        ['u', 'w'].map((unit) => outcomeOf(row, { unit })),
      );
      await repeating(subject).store.outcomes.expose([exposureOf(row, { runId: 'later', at: at(1), arm: 2 })]);
      await put(row, [outcomeOf(row, { runId: 'another' })]);
      const { cells, counts, exposed } = await look(row, 30);
      expect(cells).toMatchObject([{ n: 1, v: '1000000' }]);
      expect(counts).toMatchObject({ twoArms: 1, outcomes: 1 });
      expect(exposed).toEqual([{ stage: 1, arm: 1, n: 1 }]);
      expect(await outcomes.exposedUnits('o-two')).toEqual([{ unit: 'w', arm: 1 }]);
    });

    test('the first exposure is the unit’s; one of a later stage does not move it', async () => {
      const row = await started('o-first');
      await subject.store.outcomes.expose([
        exposureOf(row, { at: at(3), runId: 'b', stage: 2 }),
        exposureOf(row, { at: at(1), runId: 'a' }),
        exposureOf(row, { at: at(4), runId: 'c', stage: 2 }),
      ]);
      await put(row, [
        outcomeOf(row, { metric: 1, at: at(11), runId: 'c' }),
        outcomeOf(row, { metric: 1, at: at(12), runId: 'd' }),
      ]);
      const { cells, counts, exposed } = await look(row, 11);
      expect(exposed).toEqual([{ stage: 1, arm: 1, n: 1 }]);
      expect(cells).toMatchObject([{ metric: 1, stage: 1, n: 1 }]);
      expect(counts).toMatchObject({ outcomes: 2, outside: 1 });
      expect(await look(row, 11, { fromStage: 2 })).toMatchObject({ cells: [], exposed: [], counts: { outcomes: 0 } });
    });

    test('assigned units are those that were exposed and those of which a run ended before, each by its first run', async () => {
      const row = await started('o-assigned');
      const { outcomes } = subject.store;
      const note = (unit: string, minutes: number, more = {}) =>
        outcomes.noteUnexposed([
          { experiment: row.experimentId, unit, arm: 1, stage: 1, at: at(minutes), ...more },
          { experiment: row.experimentId, unit, arm: 1, stage: 1, at: at(minutes), ...more },
        ]);
      await outcomes.expose([
        exposureOf(row, { unit: 'always' }),
        exposureOf(row, { unit: 'other', arm: 0 }),
        exposureOf(row, { unit: 'named', excluded: 'override' }),
      ]);
      await note('always', 1);
      await note('never', 1);
      await note('later', 1);
      await note('later', 3, { arm: 2 });
      await note('after', 50);
      await outcomes.expose([exposureOf(row, { unit: 'later', at: at(5) })]);
      const seen = await look(row, 2);
      expect(seen.assigned).toEqual([
        { stage: 1, arm: 0, n: 1, exposed: 1 },
        { stage: 1, arm: 1, n: 3, exposed: 1 },
      ]);
      const { assigned, exposed } = await look(row, 10);
      expect(assigned).toEqual(seen.assigned);
      expect(exposed).toEqual([
        { stage: 1, arm: 0, n: 1 },
        { stage: 1, arm: 1, n: 2 },
      ]);
      const begun = {
        to: 'rolling',
        from: ['running'],
        by: 'mo',
        reason: 'r',
        winner: 'one',
        beginsRollout: true,
      } as const;
      await subject.store.experiments.move(row.experimentId, begun);
      await note('always', 11, { stage: 2 });
      await note('never', 11, { stage: 2 });
      await note('never', 12, { stage: 1 });
      expect((await look(row, 20, { fromStage: 2 })).assigned).toEqual([{ stage: 2, arm: 1, n: 2, exposed: 0 }]);
    });

    test('a rollout meets the units of the experiment anew, each once, and counts what comes after that', async () => {
      const row = await started('o-rollout');
      await subject.store.outcomes.expose([exposureOf(row)]);
      await put(row, [outcomeOf(row, { metric: 1, runId: 'before', v: 5, at: at(1), receivedAt: at(1) })]);
      await look(row, 15);
      const move = {
        to: 'rolling',
        from: ['running'],
        by: 'mo',
        reason: 'r',
        winner: 'one',
        beginsRollout: true,
      } as const;
      await subject.store.experiments.move(row.experimentId, move);
      const met = { at: at(20), runId: 'met', stage: 2 };
      await subject.store.outcomes.expose([exposureOf(row, met)]);
      await subject.store.outcomes.expose([exposureOf(row, { ...met, at: at(21), runId: 'later' })]);
      await subject.store.outcomes.expose([exposureOf(row, { at: at(22), runId: 'begun-before' })]);
      await put(row, [outcomeOf(row, { metric: 1, runId: 'met', v: 7, at: at(22), receivedAt: at(22) })]);
      const { exposed, cells, counts } = await look(row, 40, { fromStage: 2 });
      expect(exposed).toEqual([{ stage: 2, arm: 1, n: 1 }]);
      expect(cells).toMatchObject([{ metric: 1, stage: 2, n: 1, v: '7' }]);
      expect(counts).toMatchObject({ outcomes: 2, late: 0, outside: 1, twoArms: 0 });
    });

    test('what has matured by the watermark is fixed: what comes after is counted as late, and changes nothing', async () => {
      const row = await started('o-fixed');
      await subject.store.outcomes.expose([exposureOf(row), exposureOf(row, { unit: 'w' })]);
      await put(row, [outcomeOf(row, { metric: 1 })]);
      const before = await look(row, 10);
      const late = { metric: 1, runId: 'late', receivedAt: at(11) };
      await put(row, [outcomeOf(row, late), outcomeOf(row, { ...late, unit: 'w' }), outcomeOf(row, { runId: 'late' })]);
      const after = await look(row, 10);
      expect(after.cells).toEqual(before.cells);
      expect(after.counts).toMatchObject({ outcomes: 3, late: 2, outside: 0 });
      // A look never goes back.
      expect(await look(row, 5)).toEqual(after);
      expect((await look(row, 20)).cells).toMatchObject([
        { metric: 0, n: 1 },
        { metric: 1, n: 1, v: '1000000' },
      ]);
      expect((await subject.store.experiments.get('o-fixed')).watermark).toBe(at(20));
    });

    test('what is received when its unit has matured is not applied, also where no look has passed yet', async () => {
      const row = await started('o-late');
      await subject.store.outcomes.expose([exposureOf(row)]);
      await put(row, [outcomeOf(row, { metric: 1, v: 5 })]);
      await put(row, [
        outcomeOf(row, { metric: 1, v: 9, deliveryId: 'again', at: at(2), receivedAt: at(100) }),
        outcomeOf(row, { metric: 1, v: 9, runId: 'other', receivedAt: at(100) }),
      ]);
      const { cells, counts } = await look(row, 200);
      expect(cells).toMatchObject([{ metric: 1, n: 1 }]);
      expect(counts).toMatchObject({ outcomes: 3, late: 2, outside: 0 });
    });

    test('events are counted per metric and arm: those in time, and those that came after their window', async () => {
      const row = await started('o-arrivals');
      const units = ['u', 'v', 'w'].map((unit) => ({ unit, arm: unit === 'w' ? 0 : 1, runId: `of-${unit}` }));
      await subject.store.outcomes.expose(units.map((unit) => exposureOf(row, unit)));
      const [u, v, w] = units.map(
        (unit) => (more: Partial<NewOutcome>) => outcomeOf(row, { ...unit, metric: 1, ...more }),
      );
      await put(row, [
        u!({}),
        u!({ runId: 'another', at: at(2), receivedAt: at(2) }),
        v!({ at: at(30), receivedAt: at(30) }),
        w!({ at: at(3), receivedAt: at(30) }),
        w!({ metric: FAILED, at: at(3), receivedAt: at(30) }),
      ]);
      const { arrivals, cells } = await look(row, 40);
      expect(arrivals).toEqual([
        { metric: 1, stage: 1, arm: 0, events: 0, late: 1 },
        { metric: 1, stage: 1, arm: 1, events: 2, late: 1 },
      ]);
      expect(cells).toMatchObject([{ metric: 1, arm: 1, n: 1 }]);
    });

    test('feedback on a run after the window is not late: the window never waits for it', async () => {
      const row = await started('o-returning');
      await subject.store.outcomes.expose([exposureOf(row)]);
      const run = {
        pipeline: 'o-returning',
        planId: 'p',
        arms: {},
        unit: 'u',
        idempotencyKey: null,
        input: 1,
        assignments: null,
      };
      const days = createStore(subject.database, { clock: () => at(2_000) });
      await subject.store.runs.begin({ ...run, runId: 'in-window' });
      await days.runs.begin({ ...run, runId: 'days-after' });
      const after = { metric: 1, at: at(2_001), receivedAt: at(2_001) };
      await put(row, [
        outcomeOf(row, { metric: 1 }),
        outcomeOf(row, { ...after, runId: 'in-window' }),
        outcomeOf(row, { ...after, runId: 'days-after' }),
      ]);
      const { arrivals, counts } = await look(row, 3_000);
      expect(arrivals).toEqual([{ metric: 1, stage: 1, arm: 1, events: 1, late: 1 }]);
      expect(counts).toMatchObject({ outcomes: 3, late: 1, outside: 2 });
    });

    test('an effect whose feedback all comes after the window is neither promoted nor ruled out', async () => {
      await deployNext(subject, 'o-unheard');
      const good = metricOf('good', { role: 'primary', kind: 'rate', absent: 'zero', minimumEffect: 0.1 });
      const row = await startOf(subject, 'o-unheard', 'o-unheard', {
        spec: {
          metrics: METRICS.with(0, good),
          arms: ['baseline', 'one'].map((name) => ({ name, weight: 0.5, edits: [] })),
        },
      });
      const units = [...Array(600).keys()].map((n) => ({ unit: `u${n}`, arm: n % 2, runId: `run-${n}` }));
      await subject.store.outcomes.expose(units.map((unit) => exposureOf(row, unit)));
      const said = { at: at(11), receivedAt: at(11) };
      await put(
        row,
        units.map(({ arm, ...unit }) => outcomeOf(row, { ...unit, arm, v: arm * 1_000_000, ...said })),
      );
      const data = await look(row, 20);
      const settings = freezeSettings(row.spec, { nStar: 600, vRefs: row.spec.metrics.map(() => 1) });
      const decide = (minutes: number, methodVersion: number) =>
        analysisRecord({
          ...{ spec: row.spec, settings: { ...settings, methodVersion }, data, lookNo: 1, phase: 'experiment' },
          ...{ at: row.startedAt + minutes * MINUTE, version: '1' },
        });
      expect(decide(20, 1)).toMatchObject({ decision: 'inconclusive', reason: 'futile' });
      expect(decide(20, 2)).toMatchObject({ decision: 'continue', reason: 'events_late' });
      expect(decide(100, 2)).toMatchObject({ decision: 'inconclusive', reason: 'events_late' });
      expect(decide(20, 2).arrivals).toMatchObject([
        { metric: 0, arm: 0, matured: 300, silent: 300, events: 0, late: 300, status: 'late' },
        { metric: 0, arm: 1, matured: 300, silent: 300, events: 0, late: 300, status: 'late' },
        ...[1, 2, 3, 4].flatMap((metric) => [0, 1].map((arm) => ({ metric, arm, status: 'none' }))),
      ]);
    });

    test('a look waits for what is being summed up, and what is summed up after it finds it fixed', async () => {
      const row = await started('o-meanwhile');
      const units = [...Array(30).keys()].map((n) => `u${n}`);
      await subject.store.outcomes.expose(units.map((unit) => exposureOf(row, { unit })));
      const puts = units.map((unit) => put(row, [outcomeOf(row, { unit, metric: 1 })]));
      const [first] = await Promise.all([look(row, 10), ...puts]);
      expect((await look(row, 10)).cells).toEqual(first.cells);
    });

    test('of several values of a run the latest in time counts, of two as late the one with the greater id', async () => {
      const row = await started('o-latest');
      await subject.store.outcomes.expose([exposureOf(row)]);
      await put(row, [
        outcomeOf(row, { deliveryId: 'b', v: 2, at: at(5) }),
        outcomeOf(row, { deliveryId: 'a', v: 1, at: at(5) }),
        outcomeOf(row, { deliveryId: 'c', v: 3, at: at(4) }),
        outcomeOf(row, { deliveryId: 'd', v: 4, at: at(21) }),
        outcomeOf(row, { deliveryId: 'e', v: 10, at: at(-1), runId: 'other' }),
      ]);
      const { cells, counts } = await look(row, 20);
      expect(cells).toMatchObject([{ n: 1, v: '2' }]);
      expect(counts).toEqual({ twoArms: 0, overridden: 0, outcomes: 5, late: 0, outside: 2 });
    });

    test('the outcomes of the run that exposed a unit count though a clock says they were before', async () => {
      const row = await started('o-exposing');
      await subject.store.outcomes.expose([exposureOf(row)]);
      await put(row, [outcomeOf(row, { v: 7, at: at(-2) })]);
      expect((await look(row, 20)).cells).toMatchObject([{ n: 1, v: '7' }]);
    });

    test('units with an override are counted, and no part of anything', async () => {
      const row = await started('o-override');
      await subject.store.outcomes.expose([exposureOf(row, { excluded: 'override' }), exposureOf(row, { unit: 'w' })]);
      await put(row, [outcomeOf(row)]);
      expect(await look(row, 30)).toMatchObject({
        cells: [],
        exposed: [{ n: 1 }],
        counts: { overridden: 1, twoArms: 0, outcomes: 0 },
      });
    });

    test('the breaker counts runs as they come, once each, in windows by when they ended', async () => {
      const row = await started('o-breaker');
      const run = (n: number, minutes: number, v: number, arm = 1) =>
        outcomeOf(row, { metric: FAILED, runId: `r${n}`, unit: `u${n}`, at: at(minutes), v, arm });
      const first = [run(1, 0, 0), run(2, 1, 1_000_000), run(3, 6, 0), run(4, 7, 0, 2)];
      expect(await put(row, first)).toEqual([{ experiment: 'o-breaker', arm: 1, window: 1, requests: 2, failures: 1 }]);
      expect(await put(row, [run(5, 6, 0)])).toEqual([]);
      expect(await put(row, [...first, run(6, 6, 1)])).toEqual([
        { experiment: 'o-breaker', arm: 1, window: 1, requests: 2, failures: 1 },
        { experiment: 'o-breaker', arm: 1, window: 2, requests: 3, failures: 1 },
      ]);
      expect((await look(row, 0)).breaker).toEqual([
        { arm: 1, window: 1, requests: 2, failures: 1 },
        { arm: 1, window: 2, requests: 3, failures: 1 },
        { arm: 2, window: 2, requests: 1, failures: 0 },
      ]);
    });

    test('an outcome of no metric, or of no whole number of millionths, is refused with all that came with it', async () => {
      const row = await started('o-refused');
      for (const wrong of [
        { metric: METRICS.length },
        { metric: 0.5 },
        { v: 0.5 },
        { v: 2e15 },
        { d: Number.NaN },
        { experiment: 'x' },
      ])
        await expect(put(row, [outcomeOf(row), outcomeOf(row, wrong)])).rejects.toMatchObject({
          code: 'outcome_invalid',
        });
      await subject.store.outcomes.expose([exposureOf(row)]);
      expect((await look(row, 30)).counts.outcomes).toBe(0);
      await expect(subject.store.outcomes.look('o-refuse', lookRequest(row, 0))).rejects.toMatchObject({
        code: 'experiment_unknown',
        remedy: "did you mean 'o-refused'?",
      });
    });
  });

  /** Everything that may happen to sixty units, from a seed. */
  function randomEvents(row: ExperimentRow, seed: number): readonly Event[] {
    const { index, uniform } = randomFrom(seed);
    const isRare = () => uniform() < 0.15;
    return [...Array(60).keys()].flatMap((n) => {
      const base = { unit: `unit-${n}`, arm: index(3) };
      const from = index(15);
      const exposures = [...Array(index(3) + (n % 9 === 0 ? 0 : 1)).keys()].map((turn) =>
        exposureOf(row, {
          ...base,
          ...(turn === 1 && isRare() && { arm: (base.arm + 1) % 3 }),
          ...(n % 14 === 1 && { excluded: 'override' }),
          stage: 1 + (turn % 2),
          runId: `${row.experimentId}-run-${turn}`,
          at: at(from + turn * index(4)),
        }),
      );
      const outcomes = METRICS.flatMap(({ kind }, metric) =>
        [...Array(index(4)).keys()].flatMap((run) =>
          [...Array(isRare() ? 2 : 1).keys()].map((delivery) => {
            const moment = at(from + index(26) - 2) + index(3);
            return outcomeOf(row, {
              ...base,
              metric,
              runId: `${row.experimentId}-run-${run}`,
              deliveryId: `delivery-${delivery}`,
              v: kind === 'rate' ? index(2) * 1_000_000 : index(9_000_000) - (kind === 'mean' ? 4_000_000 : 0),
              ...(kind === 'ratio' && { d: index(5) * 1_000_000 }),
              at: moment,
              receivedAt: moment + (isRare() ? 15 * MINUTE : 5),
            });
          }),
        ),
      );
      return [...exposures.map((exposure) => ({ exposure })), ...outcomes.map((outcome) => ({ outcome }))];
    });
  }
}

const timeOf = (event: Event): number => ('outcome' in event ? event.outcome.receivedAt! : event.exposure.at!);

function shuffled<T>(list: readonly T[], seed: number): readonly T[] {
  const { bits } = randomFrom(seed);
  return list
    .map((each) => ({ each, place: bits() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each);
}
