/** Finding datasets and their versions by what a user wrote, and saying what there is where nothing fits. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import type { Database, Queries } from './database.ts';
import type { DatasetVersion } from './datasets.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const SHORT_HASH = 12;
/** Datasets and versions that are listed. */
const MOST = 1_000;

/** Of `dataset` joined with `dataset_version as made`. */
const COLUMNS = `made.dataset, made.version, made.sequence, made.examples, made.origin, made.created_at as "createdAt",
  made.version = dataset.current_version as "isCurrent"`;

/** @throws SluiceError `dataset_name_invalid` */
export function checkDatasetName(name: string): void {
  if (NAME.test(name)) return;
  throw new SluiceError('dataset_name_invalid', {
    message: `'${name.slice(0, 100)}' cannot name a dataset`,
    remedy: 'use 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit: --name NAME',
    data: { name: name.slice(0, 100) },
  });
}

export function listDatasets(database: Database): Promise<readonly DatasetVersion[]> {
  return database.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made
       on made.dataset = dataset.name and made.version = dataset.current_version
     order by dataset.name limit ${MOST}`,
  );
}

/** The newest first. @throws SluiceError `dataset_unknown` */
export async function versionsOf(database: Database, name: string): Promise<readonly DatasetVersion[]> {
  const versions = await database.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made on made.dataset = dataset.name
     where dataset.name = $1 order by made.sequence desc limit ${MOST}`,
    [name],
  );
  if (versions.length === 0) throw await unknownDataset(database, name);
  return versions;
}

export async function findDataset(database: Database, name: string, prefix?: string): Promise<DatasetVersion> {
  const versions = await versionsOf(database, name);
  if (prefix === undefined) return versions.find(({ isCurrent }) => isCurrent)!;
  const begun = prefix === '' ? [] : versions.filter(({ version }) => version.startsWith(prefix));
  if (begun.length === 1) return begun[0]!;
  const shown = (begun.length > 0 ? begun : versions).slice(0, 5).map(({ version }) => version.slice(0, SHORT_HASH));
  if (begun.length > 1)
    throw new SluiceError('dataset_version_ambiguous', {
      message: `several versions of '${name}' begin with '${prefix}'`,
      remedy: `give more of the hash: ${shown.join(', ')}`,
      data: { name, prefix },
    });
  throw new SluiceError('dataset_version_unknown', {
    message: `'${name}' has no version that begins with '${prefix}'`,
    remedy: `the newest are ${shown.join(', ')}`,
    data: { name, prefix },
  });
}

/** One version, where it is there. */
export async function versionOf(queries: Queries, name: string, version: string): Promise<DatasetVersion | undefined> {
  const [row] = await queries.query<DatasetVersion>(
    `select ${COLUMNS} from dataset join dataset_version as made on made.dataset = dataset.name
     where dataset.name = $1 and made.version = $2`,
    [name, version],
  );
  return row;
}

export async function unknownDataset(queries: Queries, name: string): Promise<SluiceError> {
  const rows = await queries.query<{ name: string }>(`select name from dataset order by name limit ${MOST}`);
  return new SluiceError('dataset_unknown', {
    message: `there is no dataset '${name}'`,
    remedy: suggest(
      name,
      rows.map((row) => row.name),
      `import it: sluice dataset import FILE --name ${name}`,
    ),
    data: { name },
  });
}
