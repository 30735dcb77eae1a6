/** Writes what a command was asked to put into a file. */
import { writeFile } from 'node:fs/promises';
import { SluiceError } from '../base/errors.ts';

/** @throws SluiceError `export_unwritable` */
export async function writeOut(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new SluiceError('export_unwritable', {
      message: `'${file}' cannot be written`,
      remedy: 'check the folder and its rights, and the space on the disk',
      data: { file },
      cause,
    });
  });
}
