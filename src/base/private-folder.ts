/** Folders and files that only their owner can read: the state of the embedded servers holds questions and answers. */
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The mode of folders and programs that are their owner's alone. */
export const OWN_FOLDER = 0o700;
/** For a process: what it creates has no rights for the group or for others. */
const OWNER_ONLY_UMASK = 0o077;

/**
 * Creates the folder with mode 0700. An existing folder of this user that is open to others is closed, and so is
 * everything in it.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: OWN_FOLDER });
  if (await removeRightsOfOthers(folder)) await closeContents(folder);
}

/** Calls `start`, which starts a child process; the child creates files with modes 0600 and 0700. */
export function withPrivateUmask<T>(start: () => T): T {
  const before = process.umask(OWNER_ONLY_UMASK);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

async function closeContents(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) continue;
    await removeRightsOfOthers(path);
    if (entry.isDirectory()) await closeContents(path);
  }
}

/** True when the path was open to others. Another user's path is left alone: only its owner can change the mode. */
async function removeRightsOfOthers(path: string): Promise<boolean> {
  const { mode, uid } = await lstat(path);
  if ((mode & OWNER_ONLY_UMASK) === 0 || uid !== process.getuid?.()) return false;
  await chmod(path, mode & OWN_FOLDER);
  return true;
}
