/** `sluice index`: what can be searched, and what one index holds. */
import type { Command } from 'commander';
import { count, shortId, showTime, showWhole } from '../base/format.ts';
import type { Snapshot, SnapshotDiff } from '../store/indexes.ts';
import type { PruneOptions } from '../store/prune.ts';
import { groupCommand, readingCommand, runAction, type World } from './command.ts';
import { findIndex } from './lookup.ts';
import { positiveInteger } from './options.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { tableLines } from './table.ts';
import { withStore } from './with-servers.ts';

/** Documents that are named, of those added, changed and removed each. */
const SHOWN_IDS = 20;

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
  const diff = readingCommand('diff', {
    summary: 'show which documents differ between two snapshots of an index',
    examples: [
      ['index diff ai-docs', 'the newest snapshot against the one before'],
      ['index diff ai-docs 5473ca 1babf5', 'between two, by the beginnings of their hashes'],
    ],
  })
    .argument('<index>', 'its name, or the beginning of it')
    .argument('[from]', 'a snapshot; default: the one before the newest')
    .argument('[to]', 'a snapshot; default: the newest')
    .action((name: string, from: string | undefined, to: string | undefined, _options: object, command: Command) =>
      runAction(world, command, (session) => diffSnapshots(session, name, { from, to })),
    );
  return groupCommand('index', 'list, show, compare and prune indexes', [list, show, diff, pruneCommand(world)]);
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
      { heading: 'snapshot', cell: ({ snapshot }) => (snapshot ? shortId(snapshot.hash) : 'not built yet') },
      { heading: 'built', cell: ({ snapshot }) => showTime(snapshot?.createdAt ?? null) },
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

interface Between {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

async function diffSnapshots(session: Session, name: string, between: Between): Promise<ExitCode> {
  const { terminal } = session;
  const diff = await withStore(session, async ({ store }) => {
    const index = await findIndex(store, name);
    const [newest, before] = await store.indexes.snapshots(index.name);
    const from = between.from ?? before?.hash ?? newest?.hash ?? '';
    return store.indexes.diff(index.name, from, between.to ?? newest?.hash ?? '');
  });
  if (terminal.json) terminal.printJson(diff);
  else for (const line of diffLines(diff)) terminal.print(line);
  return EXIT.fine;
}

function diffLines({ from, to, added, changed, removed }: SnapshotDiff): string[] {
  const [old, now] = [shortId(from.hash), shortId(to.hash)];
  const differing = added.length + changed.length + removed.length;
  if (from.hash === to.hash) return [`${old} is one snapshot: there is nothing to compare`];
  if (differing === 0) return [`${old} and ${now} hold the same documents`];
  return [
    `${count(differing, 'document')} from ${old} to ${now}`,
    ...[...marked('+', added), ...marked('~', changed), ...marked('-', removed)],
  ];
}

function marked(mark: string, ids: readonly string[]): string[] {
  const more = ids.length - SHOWN_IDS;
  return [
    ...ids.slice(0, SHOWN_IDS).map((id) => `  ${mark} ${id}`),
    ...(more > 0 ? [`  ${mark} … and ${showWhole(more)} more: --json has all`] : []),
  ];
}

const KEPT = 5;
const MOST_KEPT = 1_000;

/** `sluice index prune`: removes old snapshots of an index, and what nothing else shows. */
function pruneCommand(world: World): Command {
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

/** Snapshots of an index as a table, each by the beginning of its hash. */
function snapshotTable(snapshots: readonly Snapshot[]): string[] {
  if (snapshots.length === 0) return [];
  return tableLines(snapshots, [
    { heading: 'snapshot', cell: ({ hash }) => shortId(hash) },
    { heading: 'documents', cell: ({ documents }) => documents, align: 'right' },
    { heading: 'passages', cell: ({ passages }) => passages, align: 'right' },
    { heading: 'embedded with', cell: ({ model }) => model },
    { heading: 'built', cell: ({ createdAt }) => showTime(createdAt) },
  ]);
}
