/** Free space on the disk of the embedded servers' state. Own servers have disks of their own, which they watch. */
import { statfs } from 'node:fs/promises';
import { SluiceError } from '../errors.ts';

/**
 * Below this nothing new is started: the database stops for good when it finds no room for a segment of its log (16 MB),
 * and what is under way needs one, too.
 */
export const DISK_FULL_BELOW_BYTES = 32e6;
/** Below this health and `doctor` warn. */
export const DISK_LOW_BELOW_BYTES = 200e6;

export interface DiskSpace {
  readonly folder: string;
  readonly freeBytes: number;
}

export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bavail, bsize } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize };
}

export const isDiskFull = ({ freeBytes }: DiskSpace): boolean => freeBytes < DISK_FULL_BELOW_BYTES;

/** @throws SluiceError `disk_full` */
export async function requireDiskSpace(folder: string): Promise<void> {
  const space = await readDiskSpace(folder);
  if (isDiskFull(space)) throw diskFull(space);
}

/** @param space absent where a write already failed for want of space */
export function diskFull({ folder, freeBytes }: Partial<DiskSpace> & Pick<DiskSpace, 'folder'>, cause?: unknown) {
  const left =
    freeBytes === undefined ? '' : `: ${megabytes(freeBytes)} free, ${megabytes(DISK_FULL_BELOW_BYTES)} needed`;
  return new SluiceError('disk_full', {
    message: `the disk that holds ${folder} is full${left}`,
    remedy: 'free some space and run the command again; what was stored before is kept',
    retryable: true,
    data: { folder },
    ...(cause !== undefined && { cause }),
  });
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
