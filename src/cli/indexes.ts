/** `sluice index`: what can be searched, and what one index holds. */
import type { Command } from 'commander';
import type { IndexRow, Snapshot } from '../store/indexes.ts';
import type { Store } from '../store/store.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { findNamed } from './lookup.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { count, showTime } from './text.ts';
import { withStore } from './with-servers.ts';

const SHORT_HASH = 12;

export function indexCommand(world: World): Command {
  const list = readingCommand('list', {
    summary: 'list the indexes',
    examples: [['index list', 'their sizes and when they were last built']],
  }).action((_options: object, command: Command) => runAction(world, command, listIndexes));
  const show = readingCommand('show', {
    summary: 'show an index and its snapshots',
    examples: [['index show ai-docs', 'every snapshot, the newest first']],
  })
    .argument('<index>', 'its name, or the beginning of it')
    .action((name: string, _options: object, command: Command) =>
      runAction(world, command, (session) => showIndex(session, name)),
    );
  return groupCommand('index', 'list and show indexes', [list, show]);
}

async function listIndexes(session: Session): Promise<ExitCode> {
  const { terminal } = session;
  const indexes = await withStore(session, ({ store }) => store.indexes.list());
  if (terminal.json) terminal.printJson(indexes);
  else if (indexes.length === 0) terminal.print('no indexes; make one: sluice ingest <folder> --index <name>');
  else
    for (const line of tableLines(indexes, [
      { heading: 'index', cell: ({ name }) => name },
      { heading: 'documents', cell: ({ snapshot }) => snapshot?.documents, align: 'right' },
      { heading: 'passages', cell: ({ snapshot }) => snapshot?.passages, align: 'right' },
      { heading: 'snapshot', cell: ({ snapshot }) => snapshot?.hash.slice(0, SHORT_HASH) ?? 'not built yet' },
      { heading: 'built (UTC)', cell: ({ snapshot }) => showTime(snapshot?.createdAt ?? null) },
    ]))
      terminal.print(line);
  return EXIT.fine;
}

async function showIndex(session: Session, name: string): Promise<ExitCode> {
  const { terminal } = session;
  const { index, snapshots } = await withStore(session, async ({ store }) => {
    const index = await findIndex(store, name);
    return { index, snapshots: await store.indexes.snapshots(index.name) };
  });
  if (terminal.json) {
    terminal.printJson({ ...index, snapshots });
    return EXIT.fine;
  }
  const { snapshot } = index;
  terminal.print(
    snapshot === null
      ? `${index.name} is not built yet`
      : `${index.name}: ${count(snapshot.passages, 'passage')} of ${count(snapshot.documents, 'document')}`,
  );
  if (snapshots.length > 0) terminal.print();
  for (const line of snapshotTable(snapshots)) terminal.print(line);
  return EXIT.fine;
}

/** The index of that name, or the only one that begins so. @throws SluiceError `index_unknown`, `index_ambiguous` */
export async function findIndex({ indexes }: Pick<Store, 'indexes'>, name: string): Promise<IndexRow> {
  return findNamed({
    kind: 'index',
    name,
    among: await indexes.list(),
    nameOf: (each) => each.name,
    whenNone: `make it: sluice ingest <folder> --index ${name}`,
  });
}

function snapshotTable(snapshots: readonly Snapshot[]): string[] {
  if (snapshots.length === 0) return [];
  return tableLines(snapshots, [
    { heading: 'snapshot', cell: ({ hash }) => hash.slice(0, SHORT_HASH) },
    { heading: 'documents', cell: ({ documents }) => documents, align: 'right' },
    { heading: 'passages', cell: ({ passages }) => passages, align: 'right' },
    { heading: 'built (UTC)', cell: ({ createdAt }) => showTime(createdAt) },
  ]);
}
