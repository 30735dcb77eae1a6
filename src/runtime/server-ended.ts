/** Why a server that was started here is gone, as far as can be told; a full disk is what most often ends one. */
import { statfs } from 'node:fs/promises';
import { SluiceError } from '../errors.ts';

/** The database cannot go on without room for a segment of its log, which has 16 MB. */
const FULL_BELOW_BYTES = 20e6;
const SHOWN_CHARACTERS = 300;

/** @param why what it said at its end, which may be long: shown is the first line, with `--debug` all of it */
export async function endedByItself(name: string, why: string, folder: string): Promise<SluiceError> {
  const freeBytes = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Number.POSITIVE_INFINITY,
  );
  const [first = ''] = why.split('\n');
  const isFull = freeBytes < FULL_BELOW_BYTES;
  return new SluiceError('server_ended', {
    message: isFull
      ? `the ${name} is gone: the disk is full (${(freeBytes / 1e6).toFixed(0)} MB free in ${folder})`
      : `the ${name} is gone: ${first.slice(0, SHOWN_CHARACTERS)}`,
    remedy: `${isFull ? 'free some space and start again' : 'start again'}: what was under way goes on from where it was`,
    data: { why },
  });
}
