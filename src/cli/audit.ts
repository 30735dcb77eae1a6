/** `sluice audit`: who changed what is served, when, and why. */
import type { Command } from 'commander';
import { showTime } from '../base/format.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

const LARGEST_PAGE = 1_000;
/** As many as the screen shows. */
const PAGE = 100;

export function auditCommand(world: World): Command {
  return readingCommand('audit', {
    summary: 'list who changed what is served, newest first, and why',
    examples: [
      ['audit', 'all changes'],
      ['audit docs-bot', 'of a pipeline, with those of its experiments'],
      ['audit rerank-online --json', 'of one experiment, with what was before and what is now'],
    ],
  })
    .argument('[subject]', "a pipeline, an experiment, a monitor, or a key's id; whole")
    .option('--limit <number>', 'how many', positiveInteger(LARGEST_PAGE), PAGE)
    .action((subject: string | undefined, { limit }: { readonly limit: number }, command: Command) =>
      runAction(world, command, (session) => audit(session, subject ?? null, limit)),
    );
}

async function audit(session: Session, subject: string | null, limit: number): Promise<ExitCode> {
  const { terminal } = session;
  const rows = await withStore(session, ({ store }) => store.experiments.audit(subject, limit));
  if (terminal.json) terminal.printJson(rows);
  else if (rows.length === 0)
    terminal.print(subject === null ? 'nothing has been changed yet' : `nothing of '${subject}' has been changed`);
  else
    for (const line of tableLines(
      rows,
      [
        { heading: 'at', cell: ({ at }) => showTime(at) },
        { heading: 'by', cell: ({ who }) => who },
        { heading: 'what', cell: ({ action }) => action },
        { heading: 'of', cell: (row) => row.subject },
        { heading: 'why', cell: ({ why }) => why, isFlexible: true },
      ],
      terminal.room,
    ))
      terminal.print(line);
  return EXIT.fine;
}
