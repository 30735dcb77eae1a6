/** What a user means by a dataset: its name or the beginning of it, with `@` and the beginning of a version's hash. */

import { SluiceError } from '../base/errors.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { findNamed } from './lookup.ts';

type WithDatasets = Pick<Store, 'datasets'>;

/**
 * The version that `ai-docs`, `ai` or `ai-docs@3fa2c1` names, or `--version` beside it.
 *
 * @throws SluiceError `dataset_unknown`, `dataset_ambiguous`, `dataset_version_unknown`, `dataset_version_ambiguous`,
 * `usage`
 */
export async function findVersion(
  { datasets }: WithDatasets,
  reference: string,
  hash?: string | undefined,
): Promise<DatasetVersion> {
  const [given = '', inReference, ...rest] = reference.split('@');
  if (rest.length > 0 || (inReference !== undefined && hash !== undefined))
    throw new SluiceError('usage', {
      message: `'${reference}' names a version more than once`,
      remedy: 'give NAME@HASH, or NAME --version HASH',
    });
  const { dataset } = findNamed({
    kind: 'dataset',
    name: given,
    among: await datasets.list(),
    nameOf: (version) => version.dataset,
    whenNone: 'import one: sluice dataset import FILE',
  });
  return datasets.find(dataset, hash ?? inReference);
}
