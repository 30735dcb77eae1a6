/** `sluice doctor`: what is wrong here and how to mend it. */
import type { Command } from 'commander';
import { readingCommand, runAction, type World } from './command.ts';
import type { Check } from './doctor-checks.ts';
import { EXIT, type ExitCode, orInterrupted, type Session } from './session.ts';
import { wrap } from './table.ts';
import type { Terminal } from './terminal.ts';

export function doctorCommand(world: World): Command {
  return readingCommand('doctor', {
    summary: 'check Node, Temporal, ports, database, keys and disk, and say how to mend what is wrong',
    examples: [
      ['doctor', 'a line per check; the exit code is 1 when one fails'],
      ['doctor --online', 'also asks the providers whose keys are set whether they accept them'],
      ['doctor --json', 'for programs'],
    ],
  })
    .option('--online', 'ask each provider that has a key: one call that costs nothing, or next to it')
    .action((options: DoctorOptions, command: Command) =>
      runAction(world, command, (session) => doctor(session, options)),
    );
}

interface DoctorOptions {
  readonly online?: boolean;
}

async function doctor(session: Session, { online = false }: DoctorOptions): Promise<ExitCode> {
  const { terminal } = session;
  const { checkAll } = await import('./doctor-checks.ts');
  const checks = await orInterrupted(session.signal, checkAll(session, { online }));
  const failed = checks.filter(({ status }) => status === 'fail');
  if (terminal.json) terminal.printJson({ ok: failed.length === 0, checks });
  else {
    const width = Math.max(...checks.map(({ name }) => name.length));
    for (const line of checks.flatMap((check) => checkLines(check, width, terminal))) terminal.print(line);
  }
  return failed.length === 0 ? EXIT.fine : EXIT.error;
}

function checkLines({ name, status, found, remedy }: Check, width: number, { colours, room }: Terminal): string[] {
  const marks = { ok: colours.green('✔'), warn: colours.yellow('!'), fail: colours.red('✖') };
  const indent = ' '.repeat(width + 4);
  const [first = '', ...more] = wrap([found, ...(remedy === undefined ? [] : [remedy])].join('\n'), room, indent);
  return [`${marks[status]} ${name.padEnd(width)}  ${first.trimStart()}`, ...more];
}
