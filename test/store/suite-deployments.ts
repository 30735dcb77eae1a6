/** Deployments, and what they do to experiments that are live. */
import { describe, expect, test } from 'vitest';
import { deployNext, NO_FACTS, newDeployment, repeating, startOf } from './experiment-helpers.ts';
import type { Subject } from './suite.ts';

export function describeDeployments(subject: Subject): void {
  describe('deployments', () => {
    test('the newest is what the name serves; each is a row, and audited', async () => {
      const { deployments, experiments } = subject.store;
      expect(await deployments.current('d-served')).toBeUndefined();
      expect(await experiments.version('d-served')).toBe(0);
      expect(await experiments.serving('d-served')).toBeUndefined();
      const first = await deployNext(subject, 'd-served', { holdOut: 0.1 });
      expect(first).toEqual({
        ...newDeployment('d-served', 'd-served-0'),
        restaged: undefined,
        holdOut: 0.1,
        deploymentNo: 1,
        at: subject.at,
      });
      const promoted = [{ experiment: 'rerank', variant: 'cohere', edits: [] }];
      const second = await deployNext(subject, 'd-served', { kind: 'promote', promoted, variant: 'fast' });
      expect(second).toMatchObject({ deploymentNo: 2, kind: 'promote', promoted, variant: 'fast' });
      expect(await deployments.current('d-served')).toEqual(second);
      expect(await deployments.history('d-served', 9)).toEqual([second, first]);
      expect(await deployments.history('d-served', 1)).toEqual([second]);
      expect(await deployments.list()).toContainEqual(second);
      expect(await deployments.list()).not.toContainEqual(first);
      expect(await experiments.serving('d-served')).toEqual({ version: 2, deployment: second, experiments: [] });
      const [last, before] = await experiments.audit('d-served', 9);
      expect(before).toMatchObject({ action: 'deploy', who: 'mo', was: null, isNow: { planId: 'd-served-0' } });
      expect(last).toMatchObject({ action: 'promote', was: { deploymentNo: 1 }, isNow: { deploymentNo: 2 } });
    });

    test('what was worked out from something else is refused, and changes nothing', async () => {
      const deployed = await deployNext(subject, 'd-stale');
      const stale = deployNext(subject, 'd-stale', { expected: 0 });
      await expect(stale).rejects.toMatchObject({ code: 'serving_changed', data: { expected: 0, version: 1 } });
      expect(await subject.store.experiments.serving('d-stale')).toMatchObject({ version: 1, deployment: deployed });
      expect(await subject.store.experiments.audit('d-stale', 9)).toHaveLength(1);
    });

    test('of several at once one is made', async () => {
      await deployNext(subject, 'd-raced');
      const raced = await Promise.allSettled(
        ['a', 'b', 'c'].map((why) => deployNext(subject, 'd-raced', { expected: 1, planId: 'd-raced-0', why })),
      );
      expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const each of raced)
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'serving_changed' });
      expect(await subject.store.deployments.history('d-raced', 9)).toHaveLength(2);
    });

    test('an experiment gets a new stage, another is superseded, and the change of both is one', async () => {
      const { experiments, ledger } = subject.store;
      await deployNext(subject, 'd-restaged');
      for (const name of ['d-stays', 'd-goes']) await startOf(subject, name, 'd-restaged');
      const facts = { snapshots: { docs: 'abc' } };
      const restaged = [
        { experimentId: 'd-stays', stage: 1, to: 'stage', why: 'another node', facts },
        { experimentId: 'd-goes', stage: 1, to: 'superseded', why: 'its node', facts },
      ] as const;
      const deployed = await deployNext(subject, 'd-restaged', { restaged });
      const serving = await experiments.serving('d-restaged');
      expect(serving).toMatchObject({ version: 4, deployment: deployed });
      expect(serving!.experiments.map(({ experimentId, stage }) => [experimentId, stage])).toEqual([['d-stays', 2]]);
      expect(await experiments.get('d-goes')).toMatchObject({
        state: 'superseded',
        reason: 'its node',
        stage: 1,
        endedAt: subject.at,
      });
      expect(await experiments.stages('d-stays')).toEqual([
        expect.objectContaining({ stage: 1, basePlanId: 'd-restaged-0', deploymentNo: 1, facts: NO_FACTS }),
        { stage: 2, basePlanId: deployed.planId, deploymentNo: 2, facts, why: 'another node', beganAt: subject.at },
      ]);
      const kinds = async (id: string) =>
        (await ledger.entries(id, { after: 0, limit: 9 })).map(({ kind, content }) => [kind, JSON.parse(content)]);
      expect(await kinds('d-stays')).toEqual([
        ['start', expect.anything()],
        ['stage', { stage: 2, basePlanId: deployed.planId, deploymentNo: 2, facts, why: 'another node' }],
      ]);
      expect((await kinds('d-goes'))[1]).toEqual([
        'act',
        { from: 'running', to: 'superseded', reason: 'its node', by: 'mo', winner: null, stop: [], ramp: null },
      ]);
    });

    test('a promotion ends its experiment', async () => {
      const { experiments } = subject.store;
      await deployNext(subject, 'd-won');
      await startOf(subject, 'd-winner', 'd-won', { kind: 'rollout', winner: 'one' });
      const ends = { experimentId: 'd-winner', reason: 'rolled out' };
      await deployNext(subject, 'd-won', { kind: 'promote', ends });
      const row = await experiments.get('d-winner');
      expect(row).toMatchObject({ state: 'promoted', winner: 'one', reason: 'rolled out', endedAt: subject.at });
      expect((await experiments.serving('d-won'))!.experiments).toEqual([]);
      await expect(deployNext(subject, 'd-won', { kind: 'promote', ends })).rejects.toMatchObject({
        code: 'serving_changed',
      });
    });

    test('one that knows another stage of an experiment is refused as a whole', async () => {
      const { deployments, experiments } = subject.store;
      await deployNext(subject, 'd-whole');
      await startOf(subject, 'd-first', 'd-whole');
      const restaged = [{ experimentId: 'd-first', stage: 2, to: 'superseded', why: '', facts: NO_FACTS }] as const;
      await expect(deployNext(subject, 'd-whole', { restaged })).rejects.toMatchObject({ code: 'serving_changed' });
      expect(await deployments.history('d-whole', 9)).toHaveLength(1);
      expect(await experiments.get('d-first')).toMatchObject({ state: 'running', stage: 1 });
      expect(await experiments.version('d-whole')).toBe(2);
    });

    test('made twice, it is made once', async () => {
      const twice = repeating(subject);
      await deployNext(subject, 'd-twice');
      await startOf(subject, 'd-again', 'd-twice');
      const restaged = [{ experimentId: 'd-again', stage: 1, to: 'stage', why: 'w', facts: NO_FACTS }] as const;
      const deployed = await deployNext(twice, 'd-twice', { restaged });
      expect(deployed.deploymentNo).toBe(2);
      expect(await subject.store.deployments.history('d-twice', 9)).toHaveLength(2);
      expect(await subject.store.experiments.serving('d-twice')).toMatchObject({
        version: 3,
        experiments: [{ stage: 2 }],
      });
      expect(await subject.store.experiments.audit('d-twice', 9)).toHaveLength(3);
    });
  });
}
