/** `sluice monitor`: a part of the live runs, scored in the background for as long as somebody wants to know. */
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { percent } from '../experiment/report-text.ts';
import type { DefinedMonitors } from '../host/project.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { listCommand } from './monitor-list.ts';
import { statusCommand } from './monitor-status.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { wrap } from './text.ts';
import { userName } from './who.ts';
import { showAfter, withRuntime } from './with-servers.ts';

interface ActOptions {
  readonly why: string;
}

const WHY = ['--why <text>', 'the reason, for the history'] as const;

export function monitorCommand(world: World): Command {
  return groupCommand('monitor', 'score a part of the live runs in the background, and say when it gets worse', [
    listCommand(world),
    startCommand(world),
    statusCommand(world),
    stopCommand(world),
  ]);
}

function startCommand(world: World): Command {
  return readingCommand('start', {
    summary: 'score a part of the runs from now on, as its definition says',
    examples: [
      ['monitor start supported-live', 'what is defined in code, fixed as it is now'],
      ['monitor start supported-live --why "after the new prompt"', 'edited since: another version takes over'],
    ],
  })
    .argument('<monitor>', 'the id of its definition')
    .option(...WHY, 'started from the command line')
    .action((name: string, options: ActOptions, command: Command) =>
      runAction(world, command, (session) => start(session, name, options)),
    );
}

async function start(session: Session, name: string, { why }: ActOptions): Promise<ExitCode> {
  const { services, terminal, environment } = session;
  const { spec } = findDefined(await services.monitors(), name);
  return withRuntime(session, { project: services.project }, async ({ client, store, isPassing }) => {
    if (isPassing) throw notAlone(spec.pipeline);
    const before = await store.monitors.running(spec.name);
    const row = await client.startMonitor(spec, { by: userName(environment), why });
    const { monitorId, starts } = row;
    const { monitorWorkflowId } = await import('../model/monitor-spec.ts');
    const temporalUrl = client.urlOf(monitorWorkflowId(monitorId, starts));
    if (terminal.json) {
      terminal.printJson({ ...row, temporalUrl });
      return EXIT.fine;
    }
    const print = (line: string, indent = '  ') => {
      for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
    };
    const isSame = before?.monitorId === monitorId;
    print(
      `${monitorId} ${isSame ? 'runs already: it scores' : 'scores'} ${percent(spec.sample)} of the runs of ${spec.pipeline} by ${spec.scorer.id}`,
      '',
    );
    if (before !== undefined && !isSame) print(`${before.monitorId} is stopped: its scores stay with it`);
    terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
    print(`how it stands: sluice monitor status ${spec.name}      end it: sluice monitor stop ${spec.name}`);
    return EXIT.fine;
  });
}

function stopCommand(world: World): Command {
  return readingCommand('stop', {
    summary: 'score no more runs; what was found stays',
    examples: [['monitor stop supported-live', 'what waits is not scored any more']],
  })
    .argument('<monitor>', 'its name, or its id: supported-live@2')
    .option(...WHY, 'stopped from the command line')
    .action((name: string, { why }: ActOptions, command: Command) =>
      runAction(world, command, (session) =>
        showAfter(session, { project: session.services.project }, async ({ client }) => {
          const { terminal, environment } = session;
          const row = await client.stopMonitor(name, { by: userName(environment), why });
          return () => {
            if (terminal.json) terminal.printJson(row);
            else {
              terminal.print(`${row.monitorId} is stopped`);
              terminal.print(`  what came of it: sluice monitor status ${row.monitorId}`);
            }
            return EXIT.fine;
          };
        }),
      ),
    );
}

function findDefined(defined: DefinedMonitors, name: string) {
  const found = defined.get(name);
  if (found !== undefined) return found;
  throw new SluiceError('monitor_undefined', {
    message: `no monitor '${name}' is defined here`,
    remedy: suggest(name, [...defined.keys()], 'define one (defineMonitor), and export it in pipelines/index.ts'),
    data: { monitor: name },
  });
}

const notAlone = (pipeline: string): SluiceError =>
  new SluiceError('usage', {
    message: 'nothing would be scored, as the servers of this command end with it',
    remedy: `start servers that stay, in another terminal: sluice dev; then ask ${pipeline} there`,
  });
