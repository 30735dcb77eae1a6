/** `sluice worker`: a worker alone, on servers that run already; as many as the load asks for. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { count, showTime } from '../base/format.ts';
import type { WorkerVersion, WorkerVersions, WorkerVersionsClient } from '../worker/worker-versions.ts';
import { actingCommand, readingCommand, runAction, type World } from './command.ts';
import { untilStopped } from './dev.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { closing, orStopped, stopWithin } from './with-servers.ts';

export function workerCommand(world: World): Command {
  return actingCommand('worker', {
    summary: 'run a worker on configured servers, or on those of sluice dev, until Ctrl-C',
    examples: [
      ['worker', 'on TEMPORAL_ADDRESS and DATABASE_URL, or what sluice dev serves here'],
      ['worker --quiet', 'without the lines about what is starting'],
      ['worker versions', 'which build new runs go to'],
    ],
  })
    .action((_options: object, command: Command) => runAction(world, command, worker))
    .addCommand(workerVersionsCommand(world));
}

async function worker(session: Session): Promise<ExitCode> {
  const { terminal, services } = session;
  const project = await services.project();
  const runtime = await orStopped(session.signal, services.connectWorker(project));
  try {
    const { address, namespace } = runtime.temporal;
    terminal.print(
      `✔ worker on ${address} (${namespace}), ${count(project.pipelines.size, 'pipeline')}; stop with Ctrl-C`,
    );
    return await untilStopped(session, runtime);
  } finally {
    await stopWithin(terminal, runtime, 'stopping: nothing is under way');
  }
}

interface VersionsOptions {
  readonly current?: string;
  readonly ramp?: string;
  readonly percent?: number;
  readonly stopRamp?: boolean;
}

/** Instead of a build: workers that have none. */
const UNVERSIONED = 'unversioned';
const WHOLE = 100;

/** `sluice worker versions`: which build of the workers new runs go to, and how that is changed. */
function workerVersionsCommand(world: World): Command {
  return readingCommand('versions', {
    summary: 'show which build of the workers new runs go to, or change it',
    examples: [
      ['worker versions', 'the builds, and what each gets'],
      ['worker versions --ramp 4f1c09 --percent 20', 'a fifth of the new runs'],
      ['worker versions --current 4f1c09', 'all of them; back to the build before it likewise'],
      ['worker versions --stop-ramp', 'none of them any more'],
    ],
  })
    .addOption(
      new Option(
        '--current <build>',
        `give all new runs to it; '${UNVERSIONED}': to workers without a version`,
      ).conflicts(['ramp', 'percent', 'stopRamp']),
    )
    .addOption(new Option('--ramp <build>', 'give a part of the new runs to it').conflicts('stopRamp'))
    .option('--percent <number>', 'that part', percent)
    .addOption(new Option('--stop-ramp', 'give all new runs to the current build'))
    .action((options: VersionsOptions, command: Command) =>
      runAction(world, command, (session) => versions(session, options)),
    );
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= WHOLE))
    throw new InvalidArgumentError('give a number from 0 to 100.');
  return value;
}

async function versions(session: Session, options: VersionsOptions): Promise<ExitCode> {
  if ((options.ramp === undefined) !== (options.percent === undefined))
    throw new SluiceError('usage', {
      message: options.ramp === undefined ? '--percent is of a build that is ramped' : 'how much it gets is not said',
      remedy: 'give both: --ramp BUILD --percent NUMBER',
    });
  // Servers are not started for this: what they would say is that nobody has a version.
  const runtime = await orStopped(session.signal, session.services.connect());
  return closing(session, runtime, async () => {
    const now = await act(runtime.client, options);
    if (session.terminal.json) session.terminal.printJson(now ?? null);
    else show(session.terminal, now);
    return EXIT.fine;
  });
}

async function act(client: WorkerVersionsClient, options: VersionsOptions): Promise<WorkerVersions | undefined> {
  const before = await client.workerVersions();
  const build = (name: string) =>
    findNamed({
      kind: 'build',
      name,
      among: before?.versions ?? [],
      nameOf: ({ buildId }) => buildId,
      whenNone: 'start workers with SLUICE_WORKER_VERSIONING=1 and SLUICE_BUILD_ID',
    }).buildId;
  const { current, ramp, percent = 0, stopRamp } = options;
  if (current !== undefined) return client.setCurrentVersion(current === UNVERSIONED ? null : build(current));
  if (ramp !== undefined) return client.rampVersion(build(ramp), percent);
  return stopRamp ? client.stopRamp() : before;
}

function show(terminal: Terminal, now: WorkerVersions | undefined): void {
  if (now === undefined) {
    terminal.print('workers have no versions: whichever is free takes a run');
    terminal.print('  to roll code out by parts: SLUICE_WORKER_VERSIONING=1 SLUICE_BUILD_ID=BUILD sluice worker');
    return;
  }
  const { current, ramping } = now;
  const most = current === null ? 'workers without a version' : `build ${current}`;
  terminal.print(
    ramping === null
      ? `all new runs go to ${most}`
      : `${ramping.percent} % of the new runs go to build ${ramping.buildId}, the others to ${most}`,
  );
  for (const line of versionTable(now)) terminal.print(`  ${line}`);
  terminal.print('  a run ends on the build that it began on: workers of one that is draining are still needed');
  const next = nextOf(now);
  if (next !== undefined) terminal.print(`  ${next}`);
}

function versionTable({ versions, ramping }: WorkerVersions): string[] {
  const statusOf = ({ buildId, status }: WorkerVersion) =>
    status === 'ramping' && ramping?.buildId === buildId ? `ramping, ${ramping.percent} %` : status;
  return tableLines(versions, [
    { heading: 'build', cell: ({ buildId }) => buildId },
    { heading: '', cell: statusOf },
    { heading: 'first seen', cell: ({ createdAt }) => showTime(createdAt) },
  ]);
}

function nextOf({ current, ramping, versions }: WorkerVersions): string | undefined {
  const command = 'sluice worker versions';
  if (ramping !== null) return `promote: ${command} --current ${ramping.buildId}   stop: ${command} --stop-ramp`;
  const [newest] = versions;
  if (newest === undefined || newest.buildId === current) return undefined;
  if (current === null) return `let runs be taken by it: ${command} --current ${newest.buildId}`;
  return `try the newest: ${command} --ramp ${newest.buildId} --percent 10`;
}
