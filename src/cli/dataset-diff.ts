/** `sluice dataset diff`: which examples differ between two versions, of one dataset or of two. */
import type { Command } from 'commander';
import { count, shortId, showWhole } from '../base/format.ts';
import type { DatasetDiff, DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { findVersion } from './dataset-names.ts';
import { EXIT, type ExitCode, type Session } from './session.ts';
import { withStore } from './with-servers.ts';

/** Examples that are named, of those added, changed and removed each. */
const SHOWN_IDS = 20;

export function diffCommand(world: World): Command {
  return readingCommand('diff', {
    summary: 'show which examples differ between two versions',
    examples: [
      ['dataset diff ai-docs', 'the current version against the one made before it'],
      ['dataset diff ai-docs@5473ca ai-docs', 'an older version against the current one'],
    ],
  })
    .argument('<from>', 'NAME or NAME@HASH')
    .argument('[to]', 'NAME or NAME@HASH; default: <from> is compared with the version before it')
    .action((from: string, to: string | undefined, _options: object, command: Command) =>
      runAction(world, command, (session) => diffDatasets(session, from, to)),
    );
}

interface Compared {
  readonly from: DatasetVersion;
  readonly to: DatasetVersion;
  readonly diff: DatasetDiff;
}

async function diffDatasets(session: Session, given: string, other: string | undefined): Promise<ExitCode> {
  const { terminal } = session;
  const compared = await withStore(session, async ({ store }): Promise<Compared> => {
    const one = await findVersion(store, given);
    const [from, to] =
      other === undefined ? [await versionBefore(store, one), one] : [one, await findVersion(store, other)];
    return { from, to, diff: await store.datasets.diff(from.version, to.version) };
  });
  const { from, to, diff } = compared;
  if (terminal.json) terminal.printJson({ from, to, ...diff });
  else for (const line of diffLines(compared)) terminal.print(line);
  return EXIT.fine;
}

/** The version made before this one; itself, where it is the first. */
async function versionBefore({ datasets }: Pick<Store, 'datasets'>, version: DatasetVersion): Promise<DatasetVersion> {
  const versions = await datasets.versions(version.dataset);
  return versions.find(({ sequence }) => sequence === version.sequence - 1) ?? version;
}

function diffLines({ from, to, diff: { added, changed, removed, same } }: Compared): string[] {
  const [old, now] = [from, to].map(({ dataset, version }) => `${dataset}@${shortId(version)}`);
  if (from.version === to.version) return [`${old} and ${now} are one version: there is nothing to compare`];
  const differing = added.length + changed.length + removed.length;
  return [
    `${count(differing, 'example')} from ${old} to ${now}; ${count(same, 'example')} in both`,
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
