/** `sluice experiment status`: how it stands, the verdict first; with `--follow` until its end. */
import type { Command } from 'commander';
import { showTime, showWhole } from '../base/format.ts';
import type { ExperimentStatus } from '../client/experiment-status.ts';
import type { Runtime } from '../host/runtime.ts';
import type { LookRecord } from '../model/look-data.ts';
import type { ExperimentRow } from '../store/experiments.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { showDetails } from './experiment-details.ts';
import { showStatus, statusData } from './experiment-status-text.ts';
import { exitOf, groupOf, stateText, workflowIdOf } from './experiment-text.ts';
import { type ExitCode, Interrupted, type Session } from './session.ts';
import { showAfter, withStore } from './with-servers.ts';

export interface StatusOptions {
  readonly follow?: boolean;
  readonly all?: boolean;
}

/** Finds what the user means; the whole id. */
export type FindExperiment = (store: Store) => Promise<string>;

export function statusCommand(world: World): Command {
  return readingCommand('status', {
    summary: 'show how an experiment stands; exit code 3 where it was rolled back, 4 where it was inconclusive',
    examples: [
      ['experiment status rerank-online', 'the verdict, what it rests on, and what comes next'],
      ['experiment status rerank-online --all', 'also what was asked of it, and who has met which arm'],
      ['experiment status rerank-online --follow', 'a line for every look, until it has ended'],
    ],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .option('--follow', 'wait for its end')
    .option('--all', 'also what was asked, how many met each arm, and whether they came as planned')
    .action((id: string, options: StatusOptions, command: Command) =>
      runAction(world, command, (session) => status(session, async () => id, options)),
    );
}

export function status(session: Session, find: FindExperiment, options: StatusOptions): Promise<ExitCode> {
  const { follow, all = false } = options;
  if (follow) return followOne(session, find, all);
  return withStore(session, async ({ store, urlOf, isUiServed }) => {
    const { experimentStatus } = await import('../client/experiment-status.ts');
    const found = await experimentStatus(store, await find(store));
    return show(session, found, { url: urlOf(workflowIdOf(found.row)), isServed: isUiServed, all });
  });
}

interface Shown {
  readonly url: string;
  readonly isServed: boolean;
  readonly all: boolean;
}

async function show(session: Session, found: ExperimentStatus, { url, isServed, all }: Shown): Promise<ExitCode> {
  const { terminal } = session;
  if (terminal.json) terminal.printJson(await statusData(found, url));
  else {
    await showStatus(terminal, found, { url, isServed, now: Date.now() });
    if (all) await showDetails(terminal, found);
  }
  return exitOf(found.row);
}

function followOne(session: Session, find: FindExperiment, all: boolean): Promise<ExitCode> {
  const { services, terminal } = session;
  return showAfter(session, { project: services.project }, async (runtime) => {
    const { client, store } = runtime;
    const before = await client.reportOf(await find(store));
    const { experimentId } = before.row;
    terminal.note(`${experimentId}  ${client.urlOf(workflowIdOf(before.row))}`);
    await follow(session, runtime, before);
    const found = await client.reportOf(experimentId);
    const url = client.urlOf(workflowIdOf(found.row));
    return () => show(session, found, { url, isServed: true, all });
  });
}

/** @throws Interrupted at Ctrl-C, with how to go on */
async function follow(
  { terminal, signal }: Session,
  { client, isPassing }: Pick<Runtime, 'client' | 'isPassing'>,
  { row, newestLook }: Pick<ExperimentStatus, 'row' | 'newestLook'>,
): Promise<void> {
  const seen = newestLook?.lookNo ?? 0;
  const { experimentId } = row;
  let state = row.state;
  await client.followExperiment(experimentId, {
    signal,
    onLook: (record) => void (record.lookNo > seen && terminal.note(lookLine(record, row))),
    onState: (now) => {
      if (now.state !== state) terminal.note(`${showTime(Date.now())}  ${stateText(now.state)}`);
      state = now.state;
    },
  });
  if (!signal.aborted) return;
  const group = groupOf({ ...row, state });
  throw new Interrupted([
    isPassing ? 'stopped with the servers of this command; it goes on with sluice dev' : 'it goes on without you',
    `  see it: sluice ${group} status ${experimentId}      end it: sluice ${group} abort ${experimentId}`,
  ]);
}

/** `look 12  2026-03-01 10:00:00  continue (collecting)  1,204 + 1,187 users`. */
export function lookLine({ lookNo, at, decision, reason, rows }: LookRecord, { spec }: ExperimentRow): string {
  const units = rows[0]?.units.map(showWhole).join(' + ') ?? '0';
  return `look ${lookNo}  ${showTime(at)}  ${decision} (${reasonText(reason)})  ${units} ${spec.unitName}s`;
}

const reasonText = (reason: string): string => reason.replaceAll('_', ' ');
