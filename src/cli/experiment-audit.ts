/** `sluice experiment audit`: every verdict worked out again, from the ledger alone. */
import type { Command } from 'commander';
import { count } from '../base/format.ts';
import type { AuditFinding, AuditReport } from '../experiment/audit.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { entriesOf } from './experiment-entries.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { wrap } from './text.ts';
import { withStore } from './with-servers.ts';

export function auditCommand(world: World): Command {
  return readingCommand('audit', {
    summary: 'work out every verdict again from the ledger alone; exit code 1 where one comes out otherwise',
    examples: [
      ['experiment audit rerank-online', 'whether all looks, and what was done after them, are as they should be'],
      ['experiment audit rerank-online --json', 'with every difference'],
    ],
  })
    .argument('<experiment>', 'its id, or the beginning of it')
    .action((id: string, _options: object, command: Command) =>
      runAction(world, command, (session) => audit(session, id)),
    );
}

async function audit(session: Session, id: string): Promise<ExitCode> {
  const { terminal } = session;
  const { experimentId, report } = await withStore(session, async ({ store }) => {
    const { experimentId } = await store.experiments.get(id);
    const { auditLedger } = await import('../experiment/audit.ts');
    return { experimentId, report: auditLedger(await entriesOf(store, experimentId)) };
  });
  if (terminal.json) terminal.printJson({ experimentId, ...report });
  else showAudit(terminal, experimentId, report);
  return report.isEqual ? EXIT.fine : EXIT.error;
}

function showAudit(terminal: Terminal, experimentId: string, report: AuditReport): void {
  const { isEqual, entries, looks, identical, findings, more } = report;
  const print = (line: string, indent = '  ') => {
    for (const part of wrap(line, terminal.width, indent)) terminal.print(part);
  };
  const from = `worked out again from ${count(entries, 'entry', 'entries')} of the ledger alone`;
  if (isEqual) {
    print(`${experimentId}: ${count(looks, 'look')} ${from}, and all come out the same`, '');
    print(
      identical === looks
        ? 'every number, to the last digit'
        : `${identical} to the last digit; the others differ by less than 1e-9, as machines round`,
    );
    return;
  }
  print(`${experimentId}: ${count(findings.length + more, 'difference')} in ${count(looks, 'look')} ${from}`, '');
  print(`first: ${findingText(findings[0]!)}`);
  if (findings.length > 1) print(`all of them: sluice experiment audit ${experimentId} --json`);
}

const WHAT: { readonly [Code in AuditFinding['code']]: string } = {
  entries: 'the entries are not in order',
  unreadable: 'it cannot be read',
  settings: 'the settings are not those of the start',
  decision: 'another decision',
  number: 'another number',
  act: 'something was done that no look had decided',
};

function findingText({ entryNo, lookNo, code, at, recorded, recomputed }: AuditFinding): string {
  const where = lookNo === null ? `entry ${entryNo}` : `look ${lookNo} (entry ${entryNo})`;
  return `${where}: ${WHAT[code]}, at ${at}: recorded ${JSON.stringify(recorded)}, worked out ${JSON.stringify(recomputed)}`;
}
