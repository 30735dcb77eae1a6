/** `sluice index prune`: removes old snapshots of an index, and what nothing else shows. */
import type { Command } from 'commander';
import { count } from '../base/format.ts';
import type { PruneOptions } from '../store/prune.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findIndex } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { snapshotTable } from './snapshot-table.ts';
import { withStore } from './with-servers.ts';

const KEPT = 5;
const MOST_KEPT = 1_000;

export function pruneCommand(world: World): Command {
  return readingCommand('prune', {
    summary: 'remove old snapshots of an index, and what only they show',
    examples: [
      ['index prune ai-docs', `keeps the newest ${KEPT}, and those that running runs are pinned to`],
      ['index prune ai-docs --keep 1 --dry-run', 'what would go'],
    ],
  })
    .argument('<index>', 'its name, or the beginning of it')
    .option('--keep <number>', 'snapshots that stay, the newest first', positiveInteger(MOST_KEPT), KEPT)
    .option('--dry-run', 'only say what would go')
    .action((name: string, options: PruneOptions, command: Command) =>
      runAction(world, command, (session) => prune(session, name, options)),
    );
}

async function prune(session: Session, name: string, { keep, dryRun = false }: PruneOptions): Promise<ExitCode> {
  const { terminal } = session;
  const outcome = await withStore(session, async ({ store }) =>
    store.pruneIndex((await findIndex(store, name)).name, { keep, dryRun }),
  );
  if (terminal.json) {
    terminal.printJson({ ...outcome, dryRun });
    return EXIT.fine;
  }
  const { index, kept, removed, documents, passages } = outcome;
  const [would, stay] = dryRun ? [' would be', 'would stay'] : ['', 'stay'];
  terminal.print(
    removed.length === 0
      ? `${index}: nothing to remove, ${count(kept.length, 'snapshot')} ${stay}`
      : `${index}: ${count(removed.length, 'snapshot')}${would} removed, with ${count(passages, 'passage')} of ` +
          `${count(documents, 'document version')}; ${kept.length} ${stay}`,
  );
  for (const line of snapshotTable(removed)) terminal.print(`  ${line}`);
  return EXIT.fine;
}
