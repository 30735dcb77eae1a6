/**
 * `sluice experiment pause`, `resume`, `approve` and `abort`, and those of `rollout`. To stop what is live nothing else has to
 * work: where Temporal does not answer, or nothing runs here, the store is told alone, and new runs follow that.
 */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import type { Runtime } from '../host/runtime.ts';
import type { Steer } from '../model/experiment-messages.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { type FindExperiment, statusData } from './experiment-status.ts';
import { nextLines, workflowIdOf } from './experiment-text.ts';
import { EXIT, type ExitCode, isNamed, type Session, userName } from './session.ts';
import { wrap } from './table.ts';
import { closing, orStopped, showAfter, withStore } from './with-servers.ts';

interface SteerOptions {
  readonly why: string;
  readonly yes?: boolean;
}

type Action = Steer['action'];

const SUMMARIES: { readonly [A in Action]: string } = {
  pause: 'serve everybody the baseline, and decide nothing, until it is resumed',
  resume: 'go on with an experiment that is paused',
  approve: 'roll out the winner that waits for it',
  abort: 'end an experiment: everybody gets the baseline, and nothing is decided',
};

const EXAMPLES: { readonly [A in Action]: string } = {
  pause: 'new runs get the baseline within 2 s',
  resume: 'the same units get the same arms as before',
  approve: 'step by step, and taken back where it does harm',
  abort: 'for good; it can be started anew, with units of its own',
};

const commandOf = (action: Action) => (world: World) =>
  steerCommand(world, action, {
    summary: SUMMARIES[action],
    example: [`experiment ${action} rerank-online --why "…"`, EXAMPLES[action]],
    argument: ['<experiment>', 'its id, or the beginning of it'],
    find: async (_, given) => given!,
  });

export const pauseCommand = commandOf('pause');
export const resumeCommand = commandOf('resume');
export const approveCommand = commandOf('approve');
export const abortCommand = commandOf('abort');

export interface SteerText {
  readonly summary: string;
  readonly example: readonly [line: string, what: string];
  readonly argument: readonly [name: string, what: string];
  readonly find: (store: Parameters<FindExperiment>[0], given: string | undefined) => Promise<string>;
}

export function steerCommand(world: World, action: Action, text: SteerText): Command {
  const command = readingCommand(action, { summary: text.summary, examples: [text.example] })
    .argument(...text.argument)
    .option('--why <text>', 'the reason, for the history', 'said from the command line');
  if (action === 'abort') command.option('--yes', 'do not ask, on a terminal, whether that is meant');
  return command.action((given: string | undefined, options: SteerOptions, own: Command) =>
    runAction(world, own, (session) => steerOne(session, action, (store) => text.find(store, given), options)),
  );
}

async function steerOne(
  session: Session,
  action: Action,
  find: FindExperiment,
  { why, yes }: SteerOptions,
): Promise<ExitCode> {
  const said: Steer = { action, by: userName(session.environment), why };
  if (action === 'abort' || action === 'pause') {
    const runtime = await served(session);
    if (runtime === undefined) return steerInStore(session, said, find, yes);
    const show = await closing(session, runtime, () => steerIn(session, runtime, said, find, yes));
    return show();
  }
  return showAfter(session, { project: session.services.project }, (runtime) =>
    steerIn(session, runtime, said, find, yes),
  );
}

/** The servers, where they answer. */
async function served(session: Session): Promise<Runtime | undefined> {
  try {
    return await orStopped(session.signal, session.services.connect());
  } catch (error) {
    if (error instanceof SluiceError && UNSERVED.has(error.code)) return undefined;
    throw error;
  }
}

const UNSERVED: ReadonlySet<string> = new Set(['nothing_running', 'temporal_unreachable']);

async function steerIn(
  session: Session,
  { client, store }: Runtime,
  said: Steer,
  find: FindExperiment,
  yes = false,
): Promise<() => ExitCode> {
  const { experimentId } = await store.experiments.get(await find(store));
  await confirm(session, said, experimentId, yes);
  const row = await client.steerExperiment(experimentId, said);
  return told(session, store, row, client.urlOf(workflowIdOf(row)), true);
}

/** By the one write that matters; whatever looks at it later sees it there. */
async function steerInStore(session: Session, said: Steer, find: FindExperiment, yes = false): Promise<ExitCode> {
  const show = await withStore(session, async ({ store, urlOf, isUiServed }) => {
    const before = await store.experiments.get(await find(store));
    const { experimentId } = before;
    if (before.state === 'rolling' && said.action === 'pause') throw unheard(experimentId);
    await confirm(session, said, experimentId, yes);
    const { steer } = await import('../experiment/steer.ts');
    const row = await steer(store.experiments, experimentId, said);
    session.terminal.note('no Temporal server answers: the store was told, which new runs follow');
    return told(session, store, row, urlOf(workflowIdOf(row)), isUiServed);
  });
  return show();
}

async function confirm(session: Session, { action }: Steer, experimentId: string, yes: boolean): Promise<void> {
  if (action !== 'abort' || yes || session.ask === undefined) return;
  if (await isNamed(session, 'It ends for good.', experimentId)) return;
  throw new SluiceError('not_confirmed', {
    message: `${experimentId} goes on: its name was not typed`,
    remedy: 'type its id, or say it with --yes',
    data: { experimentId },
  });
}

async function told(
  { terminal }: Session,
  store: Runtime['store'],
  row: ExperimentRow,
  url: string,
  isServed: boolean,
): Promise<() => ExitCode> {
  const { statusOf } = await import('../client/experiment-status.ts');
  const status = await statusOf(store, row);
  const data = terminal.json ? await statusData(status, url) : undefined;
  return () => {
    if (data) {
      terminal.printJson(data);
      return EXIT.fine;
    }
    for (const line of wrap(`${row.experimentId} on ${row.pipeline}: ${status.sentences[0]}`, terminal.width, ''))
      terminal.print(line);
    for (const line of nextLines(row, isServed)) terminal.print(`  ${line}`);
    return EXIT.fine;
  };
}

const unheard = (experimentId: string): SluiceError =>
  new SluiceError('experiment_unanswered', {
    message: `how far the rollout of ${experimentId} goes is held by its workflow, and no server runs it here`,
    remedy: 'nothing goes on while none does; start one (sluice dev), and say it again; to abort needs none',
    data: { experimentId },
  });
