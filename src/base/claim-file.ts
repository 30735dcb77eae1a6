/**
 * A file that says who has something. It is there with its whole content or not at all: one met half-written would be
 * taken for the remains of a crash, and two would have the thing.
 */
import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';

/** For its owner alone: the address of a configured database may hold a password. */
export const OWN = 0o600;
/** What file systems without hard links answer. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS']);

/** Writes the file if there is none; false when there is one. */
export async function createClaim(file: string, content: string): Promise<boolean> {
  const whole = `${file}.${randomUUID()}`;
  await writeFile(whole, content, { mode: OWN });
  try {
    return await isNew(link(whole, file), () => isNew(writeFile(file, content, { flag: 'wx', mode: OWN })));
  } finally {
    await rm(whole, { force: true });
  }
}

async function isNew(creating: Promise<void>, otherwise?: () => Promise<boolean>): Promise<boolean> {
  try {
    await creating;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (otherwise && NO_LINKS.has(code)) return otherwise();
    throw error;
  }
}
