/** What may name an index: it stands in commands, file names and workflow ids. */
import { SluiceError } from '../base/errors.ts';

const INDEX_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

/** @throws SluiceError `index_name_invalid` */
export function checkIndexName(name: string): void {
  if (INDEX_NAME.test(name)) return;
  throw new SluiceError('index_name_invalid', {
    message: `'${name.slice(0, 100)}' cannot name an index`,
    remedy: 'use 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
  });
}
