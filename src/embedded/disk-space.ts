/** Free space on the disk of the embedded servers' state. Own servers have disks of their own, which they watch. */
import { statfs } from 'node:fs/promises';
import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';

/**
 * Below this nothing new starts. The embedded database ends when it finds no room for the next segment of its log, which
 * has 16 MB. Work that is under way needs a segment, too.
 */
export const DISK_FULL_BELOW_BYTES = 32e6;
/** Below this `/health` and `doctor` warn. */
export const DISK_LOW_BELOW_BYTES = 200e6;

/** What mends a full disk, for people who run embedded servers. */
export const FREE_DISK_REMEDY = 'free some space on the disk: new work is then accepted without a restart';

/** What prevents one. */
export const DISK_LOW_REMEDY = `free some space on the disk: below ${megabytes(DISK_FULL_BELOW_BYTES)} embedded servers start nothing new`;

export interface DiskSpace {
  readonly folder: string;
  readonly freeBytes: number;
}

/** Whether a server of this config writes into the folder's state. */
export const hasEmbeddedServers = ({ databaseUrl, temporalConfigured }: Config): boolean =>
  databaseUrl === undefined || !temporalConfigured;

export async function readDiskSpace(folder: string): Promise<DiskSpace> {
  const { bavail, bsize } = await statfs(folder);
  return { folder, freeBytes: bavail * bsize };
}

export const isDiskFull = ({ freeBytes }: DiskSpace): boolean => freeBytes < DISK_FULL_BELOW_BYTES;

/** "12 MB free, 32 MB needed". */
export const describeSpace = ({ freeBytes }: Pick<DiskSpace, 'freeBytes'>): string =>
  `${megabytes(freeBytes)} free, ${megabytes(DISK_FULL_BELOW_BYTES)} needed`;

/**
 * The error where the disk of this folder is full; undefined where it is not, or cannot be read.
 *
 * @param cause what failed, where something did
 */
async function findDiskFull(folder: string, cause?: unknown): Promise<SluiceError | undefined> {
  const space = await readDiskSpace(folder).catch(() => undefined);
  return space !== undefined && isDiskFull(space) ? diskFull(space, cause) : undefined;
}

/** For `openDatabase`: an embedded database that is away may have ended because this disk is full. */
export const explainOutage = ({ databaseUrl }: Config, folder: string) =>
  databaseUrl === undefined ? (failure: unknown) => findDiskFull(folder, failure) : undefined;

/** Refuses new work while the disk of embedded servers is full. @throws SluiceError `disk_full` */
export type RequireSpace = () => Promise<void>;

/** @throws SluiceError `disk_full` */
export async function requireDiskSpace(folder: string): Promise<void> {
  const full = await findDiskFull(folder);
  if (full !== undefined) throw full;
}

/** @param space without `freeBytes` where a write has already failed for lack of space */
export function diskFull(space: { readonly folder: string; readonly freeBytes?: number }, cause?: unknown) {
  const { folder, freeBytes } = space;
  return new SluiceError('disk_full', {
    message: `the disk that holds ${folder} is full${freeBytes === undefined ? '' : `: ${describeSpace({ freeBytes })}`}`,
    remedy: 'free some space and run the command again; what was stored before is kept',
    retryable: true,
    data: { ...space },
    ...(cause !== undefined && { cause }),
  });
}

/** Rounded down: what is below a limit is shown below it. */
export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`;
}
