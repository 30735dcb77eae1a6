import { describe, expect, test } from 'vitest';
import { steer } from '../../../src/experiment/steer.ts';
import { STEER_ACTIONS, type Steer } from '../../../src/model/experiment-messages.ts';
import { EXPERIMENT_STATES, type ExperimentState } from '../../../src/model/experiment-spec.ts';
import { type FakeExperiments, fakeExperiments } from './fake-experiments.ts';

const say = (experiments: FakeExperiments, action: Steer['action']) =>
  steer(experiments, 'faked', { action, by: 'ann', why: 'because' });
const outcomeOf = (state: ExperimentState, action: Steer['action']) =>
  say(fakeExperiments({ state }), action).then(
    (row) => row.state,
    (error: { readonly code: string }) => error.code,
  );

/** What each action comes to in the states that are live; all others have ended. */
const TABLE: { readonly [state in ExperimentState]?: { readonly [action in Steer['action']]: string } } = {
  running: { pause: 'paused', resume: 'running', abort: 'aborted', approve: 'experiment_not_won' },
  paused: { pause: 'paused', resume: 'running', abort: 'aborted', approve: 'experiment_not_won' },
  halted: { pause: 'experiment_halted', resume: 'experiment_halted', abort: 'aborted', approve: 'experiment_halted' },
  approving: { pause: 'experiment_won', resume: 'approving', abort: 'aborted', approve: 'rolling' },
  rolling: { pause: 'rolling', resume: 'rolling', abort: 'aborted', approve: 'rolling' },
};

describe('steer', () => {
  test.each(EXPERIMENT_STATES)('does or refuses everything that is said in the state %s', async (state) => {
    const ended = (action: Steer['action']) =>
      state === 'aborted' && action === 'abort' ? 'aborted' : 'experiment_ended';
    for (const action of STEER_ACTIONS)
      expect([action, await outcomeOf(state, action)]).toEqual([action, TABLE[state]?.[action] ?? ended(action)]);
  });

  test('changes nothing where it is as it should be, and keeps what was said where it is not', async () => {
    const experiments = fakeExperiments({ state: 'running' });
    await say(experiments, 'pause');
    await say(experiments, 'pause');
    expect(experiments.moves).toEqual([{ to: 'paused', from: ['running'], by: 'ann', reason: 'because' }]);
  });

  test('says of a rollout that is held that it is, once, until it goes on', async () => {
    const experiments = fakeExperiments({ state: 'rolling', winner: 'warm' });
    for (const action of ['pause', 'pause', 'resume', 'resume'] as const) await say(experiments, action);
    expect(experiments.moves.map(({ to, reason }) => [to, reason])).toEqual([
      ['rolling', 'held: because'],
      ['rolling', 'because'],
    ]);
  });

  test('reads the state again where somebody else was faster', async () => {
    const experiments = fakeExperiments({ state: 'running' });
    experiments.onMove = () => {
      experiments.onMove = () => undefined;
      experiments.row = { ...experiments.row, state: 'approving', winner: 'warm' };
    };
    expect(await say(experiments, 'abort')).toMatchObject({ state: 'aborted' });
    expect(experiments.moves).toMatchObject([{ from: ['approving'] }]);
  });

  test('gives up where others are faster all the time', async () => {
    const experiments = fakeExperiments({ state: 'running' });
    experiments.onMove = () => {
      experiments.row = { ...experiments.row, state: experiments.row.state === 'running' ? 'paused' : 'running' };
    };
    await expect(say(experiments, 'abort')).rejects.toMatchObject({ code: 'experiment_busy', retryable: true });
  });
});
