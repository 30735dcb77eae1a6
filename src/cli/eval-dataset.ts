/**
 * The version of its dataset that an evaluation runs on: the store's current one, or the one that was asked for. Where the
 * store has none of that name, the file that the definition names is imported, as `dataset import` would.
 */
import { basename } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import { count, shortId } from '../base/format.ts';
import type { AnyDataset } from '../dsl/dataset.ts';
import { contentHash, memberOf } from '../model/dataset.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import type { Session } from './session.ts';

type WithDatasets = Pick<Store, 'datasets'>;

/**
 * @param asked `NAME@HASH` or `@HASH`
 * @throws SluiceError `usage` for another dataset than the definition's; those of finding and of importing one
 */
export async function versionFor(
  session: Session,
  store: WithDatasets,
  { name }: AnyDataset,
  asked: string | undefined,
): Promise<DatasetVersion> {
  const hash = asked === undefined ? undefined : hashIn(asked, name);
  const isThere = (await store.datasets.list()).some(({ dataset }) => dataset === name);
  const defined = (await session.services.datasets()).get(name);
  if (!isThere && defined !== undefined) await importFile(session, store, defined);
  const version = await store.datasets.find(name, hash);
  if (isThere && hash === undefined && defined !== undefined) await noteNewFile(session, store, defined, version);
  return version;
}

function hashIn(asked: string, name: string): string {
  const [given, hash = ''] = asked.split('@');
  if ((given === '' || given === name) && hash !== '') return hash;
  throw new SluiceError('usage', {
    message: `--dataset is '${asked}', and the evaluation is on '${name}'`,
    remedy: `name a version of it: --dataset ${name}@HASH; all of them: sluice dataset show ${name}`,
  });
}

async function importFile({ terminal }: Session, { datasets }: WithDatasets, defined: AnyDataset): Promise<void> {
  const examples = await readFileOf(defined);
  const { version } = await datasets.put(defined.name, examples, basename(defined.source));
  terminal.note(
    `imported ${version.dataset}: ${count(version.examples, 'example')}, version ${shortId(version.version)}`,
  );
}

async function readFileOf({ source, input, expected }: AnyDataset) {
  const { formatOf, readDataset } = await import('../evaluation/dataset-file.ts');
  return readDataset(source, formatOf(source), { input, expected });
}

/** Who has changed the file may think that it is what is evaluated. */
async function noteNewFile(
  { terminal }: Session,
  { datasets }: WithDatasets,
  defined: AnyDataset,
  current: DatasetVersion,
): Promise<void> {
  const examples = await readFileOf(defined).catch(() => undefined); // what is stored is what counts
  if (examples === undefined) return;
  const content = contentHash(examples.map(memberOf));
  const versions = await datasets.versions(current.dataset);
  if (versions.some(({ version }) => version === content)) return;
  const name = current.dataset;
  terminal.note(`${basename(defined.source)} was changed since it was imported; to evaluate on it:`);
  terminal.note(`  sluice dataset import --name ${name}`);
}
