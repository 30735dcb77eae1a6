import { describe, expect, test } from 'vitest';
import { actOnLook } from '../../../src/experiment/take-analysis.ts';
import type { ActInput } from '../../../src/model/experiment-messages.ts';
import type { ExperimentState } from '../../../src/model/experiment-spec.ts';
import { specOf } from '../clock-world.ts';
import { type FakeExperiments, fakeExperiments } from './fake-experiments.ts';

type Look = Pick<ActInput, 'decision' | 'reason'> & Partial<ActInput>;
const act = (experiments: FakeExperiments, look: Look) =>
  actOnLook(experiments, { experimentId: 'faked', lookNo: 1, arm: null, stops: [], ...look });

const rollback: Look = { decision: 'rollback', reason: 'guardrail', arm: 'warm' };
const breaker: Look = { ...rollback, reason: 'breaker' };
const promote: Look = { decision: 'promote', reason: 'superior', arm: 'warm' };
const halt: Look = { decision: 'halt', reason: 'srm' };
const inconclusive: Look = { decision: 'inconclusive', reason: 'futile' };

describe('what a look has decided', () => {
  test.each<[string, ExperimentState, Look, ExperimentState]>([
    ['rolls back what is served', 'running', rollback, 'rolled_back'],
    ['rolls back what waits for approval', 'approving', rollback, 'rolled_back'],
    ['rolls back what is rolled out', 'rolling', rollback, 'rolled_back'],
    ['rolls back what was paused after the look', 'paused', rollback, 'rolled_back'],
    ['believes no estimate where the split is off', 'halted', rollback, 'halted'],
    ['believes counts of runs where the split is off', 'halted', breaker, 'rolled_back'],
    ['halts', 'running', halt, 'halted'],
    ['lets a winner be that waits', 'approving', halt, 'approving'],
    ['promotes', 'running', promote, 'rolling'],
    ['promotes nothing that is paused', 'paused', promote, 'paused'],
    ['promotes once', 'rolling', promote, 'rolling'],
    ['ends without a verdict', 'running', inconclusive, 'inconclusive'],
    ['leaves what somebody has aborted', 'aborted', rollback, 'aborted'],
  ])('%s', async (_, state, look, expected) => {
    expect((await act(fakeExperiments({ state }), look)).state).toBe(expected);
  });

  test('begins the rollout with the winner, unless somebody has to approve it', async () => {
    const auto = fakeExperiments({});
    expect(await act(auto, { ...promote, stops: ['cold'] })).toMatchObject({ phase: 'rollout', isLive: true });
    expect(auto.moves).toMatchObject([{ winner: 'warm', stop: ['cold'], beginsRollout: true, reason: 'superior' }]);
    const manual = fakeExperiments({ spec: specOf('faked', { rollout: { approval: 'manual' } }) });
    expect(await act(manual, promote)).toMatchObject({ state: 'approving', phase: 'experiment' });
    expect(manual.moves[0]).not.toHaveProperty('beginsRollout');
  });

  test.each(['halt', 'continue', 'promote', 'inconclusive'] as const)(
    'stops what a breaker has tripped for where the split is off, once, and does no more: %s',
    async (decision) => {
      const halted = fakeExperiments({ state: 'halted' });
      const look = { decision, reason: 'srm', arm: 'warm', stops: ['cold'] };
      expect((await act(halted, look)).state).toBe('halted');
      await act(halted, look);
      expect(halted.moves).toMatchObject([{ to: 'halted', from: ['halted'], stop: ['cold'] }]);
      expect(halted.row).toMatchObject({ state: 'halted', winner: null });
    },
  );

  test('lets a winner wait that only some were tested with: promoted, everybody would get it', async () => {
    const target = { $from: ['input', 'vip'] as const };
    const aimed = fakeExperiments({ spec: { ...specOf('faked'), target } });
    expect(await act(aimed, promote)).toMatchObject({ state: 'approving', phase: 'experiment' });
  });

  test('stops variants while others go on, each once', async () => {
    const experiments = fakeExperiments({});
    const stops = { decision: 'continue', reason: 'collecting', stops: ['cold'] } as const;
    expect((await act(experiments, stops)).state).toBe('running');
    await act(experiments, stops);
    expect(experiments.moves).toMatchObject([{ to: 'running', stop: ['cold'] }]);
  });
});
