/** Experiments: their start, their part of a layer, and their changes of state. */
import { describe, expect, test } from 'vitest';
import type { ExperimentState } from '../../src/model/experiment-spec.ts';
import { deployNext, NO_FACTS, repeating, specOf, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

export function describeExperiments(subject: Subject): void {
  describe('experiments', () => {
    test('one that starts is served; the ledger begins with all that it rests on', async () => {
      const { experiments, ledger } = subject.store;
      const deployment = await deployNext(subject, 'e-served');
      subject.at += 1;
      const second = await startOf(subject, 'e-a', 'e-served', { spec: { share: 0.3 } });
      subject.at += 1;
      const third = await startOf(subject, 'e-0', 'e-served', { kind: 'rollout', winner: 'two' });
      expect(second).toMatchObject({
        experimentId: 'e-a',
        state: 'running',
        range: [0, 0.3],
        stopped: [],
        winner: null,
        ramp: 0,
        stage: 1,
        rolloutStage: null,
        watermark: null,
        startedBy: 'mo',
        startedAt: subject.at - 1,
        endedAt: null,
      });
      expect(second.spec).toEqual(specOf('e-a', 'e-served', { share: 0.3 }));
      expect(third).toMatchObject({ state: 'rolling', winner: 'two', rolloutStage: 1 });
      expect(await experiments.serving('e-served')).toEqual({ version: 3, deployment, experiments: [second, third] });
      const [start, ...rest] = await ledger.entries('e-a', { after: 0, limit: 9 });
      expect(rest).toEqual([]);
      expect(start).toMatchObject({ entryNo: 1, kind: 'start', lookNo: null, at: subject.at - 1 });
      expect(JSON.parse(start!.content)).toMatchObject({
        spec: second.spec,
        settings: second.settings,
        range: [0, 0.3],
        basePlanId: 'e-served-0',
        deploymentNo: 1,
        facts: NO_FACTS,
        by: 'mo',
      });
      expect(await experiments.audit('e-a', 9)).toMatchObject([{ action: 'start', who: 'mo', was: null }]);
      expect((await experiments.audit('e-served', 2)).map(({ subject: of }) => of)).toEqual(['e-0', 'e-a']);
    });

    test('a name has one live experiment at a time, and numbers those that follow', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'e-named');
      await deployNext(subject, 'e-elsewhere');
      const end = (id: string) => experiments.move(id, { to: 'aborted', from: ['running'], by: 'mo', reason: 'done' });
      expect((await startOf(subject, 'e-name', 'e-named')).experimentId).toBe('e-name');
      for (const pipeline of ['e-named', 'e-elsewhere'])
        await expect(startOf(subject, 'e-name', pipeline)).rejects.toMatchObject({
          code: 'experiment_live',
          data: { experimentId: 'e-name' },
        });
      await end('e-name');
      await startOf(subject, 'e-name.2', 'e-named');
      await end('e-name.2');
      expect((await startOf(subject, 'e-name', 'e-named')).experimentId).toBe('e-name.3');
      await end('e-name.3');
      const raced = await Promise.allSettled(
        ['e-named', 'e-elsewhere'].map((pipeline) => startOf(subject, 'e-name', pipeline)),
      );
      expect(raced.map((each) => (each.status === 'fulfilled' ? 'started' : each.reason.code)).sort()).toEqual([
        'experiment_live',
        'started',
      ]);
    });

    test('nothing is started where nothing is deployed, or something has changed', async () => {
      await expect(startOf(subject, 'e-none', 'e-undeployed')).rejects.toMatchObject({ code: 'not_deployed' });
      await deployNext(subject, 'e-undeployed');
      await expect(startOf(subject, 'e-none', 'e-undeployed', { expected: 0 })).rejects.toMatchObject({
        code: 'serving_changed',
      });
      expect(await subject.store.experiments.list({ pipeline: 'e-undeployed' })).toEqual([]);
    });

    test('experiments of a layer have parts of it that are apart, and what an ended one had is free again', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'e-layered');
      const start = async (name: string, share: number, layer: string | null = 'ui') =>
        (await startOf(subject, name, 'e-layered', { spec: { share, layer } })).range;
      expect(await start('e-l1', 0.1)).toEqual([0, 0.1]);
      expect(await start('e-l2', 0.2)).toEqual([0.1, 0.1 + 0.2]);
      expect(await start('e-l3', 0.4)).toEqual([0.1 + 0.2, 0.1 + 0.2 + 0.4]);
      expect(await start('e-l4', 1, 'another')).toEqual([0, 1]);
      expect(await start('e-l5', 0.9, null)).toEqual([0, 0.9]);
      await experiments.move('e-l2', { to: 'aborted', from: ['running'], by: 'mo', reason: 'r' });
      await expect(start('e-l6', 0.35)).rejects.toMatchObject({
        code: 'layer_full',
        data: { layer: 'ui', room: 1 - (0.1 + 0.2 + 0.4), experiments: ['e-l1', 'e-l3'] },
        remedy: expect.stringContaining('at most 0.299,'),
      });
      expect(await start('e-l7', 0.25)).toEqual([0.1 + 0.2 + 0.4, 0.1 + 0.2 + 0.4 + 0.25]);
      expect(await start('e-l8', 0.2)).toEqual([0.1, 0.1 + 0.2]);
    });

    test('of two that want the same part of a layer one starts, and the other can look again', async () => {
      await deployNext(subject, 'e-wanted');
      const expected = 1;
      const starts = ['e-w1', 'e-w2'].map((name) =>
        startOf(subject, name, 'e-wanted', { expected, spec: { share: 0.6, layer: 'one' } }),
      );
      const raced = await Promise.allSettled(starts);
      expect(raced.map((each) => (each.status === 'fulfilled' ? 'started' : each.reason.code)).sort()).toEqual([
        'serving_changed',
        'started',
      ]);
      const loser = raced[0]!.status === 'fulfilled' ? 'e-w2' : 'e-w1';
      await expect(startOf(subject, loser, 'e-wanted', { spec: { share: 0.6, layer: 'one' } })).rejects.toMatchObject({
        code: 'layer_full',
      });
    });

    test('a move is made from the states it may be made from, with all that it changes in one', async () => {
      const { experiments, ledger } = subject.store;
      await deployNext(subject, 'e-moved');
      await startOf(subject, 'e-m', 'e-moved', { facts: { snapshots: { docs: 'abc' } } });
      subject.at += 5;
      const base = { by: 'mo', reason: 'because' } as const;
      expect(await experiments.move('e-m', { ...base, to: 'rolling', from: ['approving'], winner: 'one' })).toBe(false);
      expect(await experiments.version('e-moved')).toBe(2);
      const stop = { ...base, to: 'running', from: ['running'], stop: ['two'] } as const;
      expect(await experiments.move('e-m', stop)).toBe(true);
      expect(await experiments.move('e-m', stop)).toBe(true);
      const roll = { to: 'rolling', from: ['running'], winner: 'one', ramp: 0.25, beginsRollout: true } as const;
      expect(await experiments.move('e-m', { ...base, ...roll })).toBe(true);
      const rolling = await experiments.get('e-m');
      expect(rolling).toMatchObject({
        state: 'rolling',
        reason: 'because',
        stopped: ['two'],
        winner: 'one',
        ramp: 0.25,
        stage: 2,
        rolloutStage: 2,
        endedAt: null,
      });
      expect((await experiments.stages('e-m'))[1]).toMatchObject({
        stage: 2,
        basePlanId: 'e-moved-0',
        facts: { snapshots: { docs: 'abc' } },
      });
      expect(await experiments.move('e-m', { ...base, to: 'rolled_back', from: ['rolling'] })).toBe(true);
      expect(await experiments.get('e-m')).toMatchObject({ state: 'rolled_back', ramp: 0.25, endedAt: subject.at });
      expect(await experiments.version('e-moved')).toBe(6);
      const entries = await ledger.entries('e-m', { after: 1, limit: 9 });
      expect(entries.map(({ kind }) => kind)).toEqual(['act', 'act', 'stage', 'act', 'act']);
      expect(JSON.parse(entries[3]!.content)).toEqual({
        from: 'running',
        to: 'rolling',
        reason: 'because',
        by: 'mo',
        winner: 'one',
        stop: [],
        ramp: 0.25,
      });
      expect((await experiments.audit('e-m', 1))[0]).toEqual({
        at: subject.at,
        who: 'mo',
        action: 'move',
        subject: 'e-m',
        was: { state: 'rolling', winner: 'one', stopped: ['two'], ramp: 0.25 },
        isNow: { state: 'rolled_back', winner: 'one', stopped: ['two'], ramp: 0.25 },
        why: 'because',
      });
    });

    test('of moves at once one wins', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'e-contended');
      await startOf(subject, 'e-c', 'e-contended');
      const ends: ExperimentState[] = ['aborted', 'rolled_back', 'inconclusive', 'superseded'];
      const moved = await Promise.all(
        ends.map((to) => experiments.move('e-c', { to, from: ['running'], by: 'mo', reason: to })),
      );
      expect(moved.filter(Boolean)).toHaveLength(1);
      expect((await experiments.get('e-c')).state).toBe(ends[moved.indexOf(true)]);
      expect(await experiments.version('e-contended')).toBe(3);
    });

    test('a stage begins once, and not in one that has ended', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'e-staged');
      await startOf(subject, 'e-s', 'e-staged');
      const begun = { facts: { snapshots: { docs: 'new' } }, why: 'a new snapshot' };
      await Promise.all([1, 1, 1].map((from) => experiments.beginStage('e-s', from, begun)));
      expect(await experiments.stages('e-s')).toMatchObject([{ stage: 1 }, { stage: 2, ...begun, deploymentNo: 1 }]);
      expect(await experiments.version('e-staged')).toBe(3);
      await experiments.move('e-s', { to: 'aborted', from: ['running'], by: 'mo', reason: 'r' });
      await experiments.beginStage('e-s', 2, begun);
      expect(await experiments.get('e-s')).toMatchObject({ stage: 2 });
    });

    test('one is found by the beginning of its id, and a wrong id gets the nearest', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'e-found');
      for (const name of ['find-abc', 'find-abd']) await startOf(subject, name, 'e-found');
      await experiments.move('find-abc', { to: 'paused', from: ['running'], by: 'mo', reason: 'r' });
      await experiments.move('find-abd', { to: 'promoted', from: ['running'], by: 'mo', reason: 'r' });
      expect((await experiments.get('find-abc')).name).toBe('find-abc');
      expect((await experiments.get('find-abd')).name).toBe('find-abd');
      await expect(experiments.get('find-ab')).rejects.toMatchObject({ code: 'experiment_ambiguous' });
      await expect(experiments.get('find-abx')).rejects.toMatchObject({
        code: 'experiment_unknown',
        remedy: expect.stringMatching(/did you mean 'find-ab[cd]'/),
      });
      await expect(experiments.get('')).rejects.toMatchObject({ code: 'experiment_unknown' });
      const listed = async (live?: boolean) =>
        (await experiments.list({ pipeline: 'e-found', ...(live !== undefined && { live }) })).map(({ name }) => name);
      expect(await listed()).toEqual(['find-abd', 'find-abc']);
      expect(await listed(true)).toEqual(['find-abc']);
      expect(await listed(false)).toEqual(['find-abd']);
      await expect(experiments.list({ limit: 0 })).rejects.toMatchObject({ code: 'limit_invalid' });
    });

    test('made twice, everything is made once', async () => {
      const { experiments, ledger } = subject.store;
      const twice = repeating(subject);
      await deployNext(subject, 'e-twice');
      const row = await startOf(twice, 'e-t', 'e-twice');
      expect(row.experimentId).toBe('e-t');
      await twice.store.experiments.beginStage('e-t', 1, { facts: NO_FACTS, why: 'w' });
      const move = { from: ['running'], by: 'mo', reason: 'r', winner: 'one', beginsRollout: true } as const;
      expect(await twice.store.experiments.move('e-t', { ...move, to: 'rolling' })).toBe(true);
      expect(await twice.store.experiments.move('e-t', { ...move, to: 'rolling' })).toBe(false);
      expect(await experiments.get('e-t')).toMatchObject({ state: 'rolling', stage: 3, rolloutStage: 3 });
      expect(await experiments.version('e-twice')).toBe(4);
      const entries = await ledger.entries('e-t', { after: 0, limit: 9 });
      expect(entries.map(({ entryNo, kind }) => [entryNo, kind])).toEqual([
        [1, 'start'],
        [2, 'stage'],
        [3, 'stage'],
        [4, 'act'],
      ]);
      expect(await experiments.audit('e-t', 9)).toHaveLength(3);
    });
  });
}
