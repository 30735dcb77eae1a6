/** `sluice rollout`: a variant that is meant to be served, given to more and more of the traffic, and taken back where it does harm. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { rolloutStartCommand } from './experiment-start.ts';
import { type StatusOptions, status } from './experiment-status.ts';
import { type SteerText, steerCommand } from './experiment-steer.ts';

const ROLLOUT = ['[rollout]', 'its id, the beginning of it, or its pipeline; default: the newest'] as const;
const LOOKED_THROUGH = 1_000;

export function rolloutCommand(world: World): Command {
  const steered = (action: Parameters<typeof steerCommand>[1], text: Omit<SteerText, 'argument' | 'find'>) =>
    steerCommand(world, action, { ...text, argument: ROLLOUT, find: findRollout });
  return groupCommand(
    'rollout',
    'give a variant to more and more of the traffic, and take it back where it does harm',
    [
      rolloutStartCommand(world),
      statusCommand(world),
      steered('pause', {
        summary: 'stay on the step that a rollout is on; harm takes it back all the same',
        example: ['rollout pause docs-bot --why "over the weekend"', 'looks go on'],
      }),
      steered('resume', {
        summary: 'go on with a rollout that was told to stay',
        example: ['rollout resume docs-bot', 'with the step that it is on'],
      }),
      steered('approve', {
        summary: 'roll out the winner of an experiment that waits for it',
        example: ['rollout approve rerank-online', 'step by step'],
      }),
      steered('abort', {
        summary: 'end a rollout: everybody gets the baseline again, within 2 s',
        example: ['rollout abort docs-bot --why "complaints"', 'for good'],
      }),
    ],
  );
}

function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'show how far a rollout is; exit code 3 where it was rolled back',
    examples: [
      ['rollout status', 'the newest'],
      ['rollout status docs-bot --follow', 'a line for every look, until it has ended'],
    ],
  })
    .argument(...ROLLOUT)
    .option('--follow', 'wait for its end')
    .option('--all', 'also what was asked, how many met each arm, and whether they came as planned')
    .action((given: string | undefined, options: StatusOptions, command: Command) =>
      runAction(world, command, (session) => status(session, (store) => findRollout(store, given), options)),
    );
}

/** Of a pipeline's the newest: it has one at a time, mostly. @throws SluiceError `rollout_unknown`, and those of an id */
async function findRollout({ experiments }: Store, given: string | undefined): Promise<string> {
  const rows = (await experiments.list({ limit: LOOKED_THROUGH })).filter(
    ({ kind, state, rolloutStage }) => kind === 'rollout' || rolloutStage !== null || state === 'approving',
  );
  const own = given === undefined ? rows : rows.filter(({ pipeline }) => pipeline === given);
  if (own[0] !== undefined) return own[0].experimentId;
  if (given !== undefined) return (await experiments.get(given)).experimentId;
  throw new SluiceError('rollout_unknown', {
    message: 'nothing was rolled out yet',
    remedy: 'begin: sluice rollout start PIPELINE --variant NAME; experiments roll their winner out by themselves',
  });
}
