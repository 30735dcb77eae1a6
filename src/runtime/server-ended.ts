/** Why a server that was started here is gone, as far as can be told; a full disk is what most often ends one. */
import { SluiceError } from '../errors.ts';
import { isDiskFull, megabytes, readDiskSpace } from './disk-space.ts';

const SHOWN_CHARACTERS = 300;

/** @param why what it said at its end, which may be long: shown is the first line, with `--debug` all of it */
export async function endedByItself(name: string, why: string, folder: string): Promise<SluiceError> {
  const space = await readDiskSpace(folder).catch(() => undefined);
  const [first = ''] = why.split('\n');
  const isFull = space !== undefined && isDiskFull(space);
  return new SluiceError('server_ended', {
    message: isFull
      ? `the ${name} is gone: the disk is full (${megabytes(space.freeBytes)} free in ${folder})`
      : `the ${name} is gone: ${first.slice(0, SHOWN_CHARACTERS)}`,
    remedy: `${isFull ? 'free some space and start again' : 'start again'}: what was under way goes on from where it was`,
    data: { why },
  });
}
