/** A small file system of its own that a test fills up. Needs the right to mount, which root has. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Why it cannot be mounted here; undefined where it is. */
  readonly notMounted: string | undefined;
  /** Writes a file that leaves this much free. */
  fillUpTo(leftBytes: number): Promise<void>;
  /** Removes that file. */
  free(): Promise<void>;
  unmount(): Promise<void>;
}

export function mountSmallDisk(sizeMb: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  const filler = join(folder, 'filler');
  return {
    folder,
    notMounted: mount(folder, sizeMb),
    async fillUpTo(leftBytes) {
      await rm(filler, { force: true });
      const { bavail, bsize } = await statfs(folder);
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
    },
    free: () => rm(filler, { force: true }),
    async unmount() {
      execFileSync('umount', ['--lazy', folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function mount(folder: string, sizeMb: number): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    rmdirSync(folder);
    return `no file system can be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}
