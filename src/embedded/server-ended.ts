/** Why a server that was started here is gone, as far as can be told; a full disk is what most often ends one. */
import { SluiceError } from '../base/errors.ts';
import { describeSpace, isDiskFull, readDiskSpace } from './disk-space.ts';

const SHOWN_CHARACTERS = 300;

export interface EndedServer {
  readonly name: string;
  /** What it wrote at its end, which may be long: the message has the first line, `--debug` shows all of it. */
  readonly why: string;
  readonly logFile?: string;
  /** On the disk that it writes to. */
  readonly folder: string;
}

export async function endedByItself({ name, why, logFile, folder }: EndedServer): Promise<SluiceError> {
  const space = await readDiskSpace(folder).catch(() => undefined);
  const [first = ''] = why.split('\n');
  const isFull = space !== undefined && isDiskFull(space);
  const before = isFull ? 'free some space, then ' : logFile === undefined ? '' : `read ${logFile}, then `;
  return new SluiceError('server_ended', {
    message: isFull
      ? `the ${name} is gone: the disk that holds ${folder} is full: ${describeSpace(space)}`
      : `the ${name} is gone: ${first.slice(0, SHOWN_CHARACTERS)}`,
    remedy: `${before}start again: what was under way goes on from where it was`,
    data: { why },
  });
}
