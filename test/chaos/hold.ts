/** Steps that wait, and go on, when a row says so: of all processes, or of one, by a file beside the ledger. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 25;

const fileIn = (folder: string, pid: number | undefined) => join(folder, pid === undefined ? 'hold' : `hold-${pid}`);

export const hold = (folder: string, pid?: number): void => writeFileSync(fileIn(folder, pid), '');
export const release = (folder: string): void => rmSync(fileIn(folder, undefined), { force: true });

export async function untilReleased(folder: string, signal: AbortSignal): Promise<void> {
  const isHeld = () => [undefined, process.pid].some((pid) => existsSync(fileIn(folder, pid)));
  while (isHeld()) await delay(LOOK_MS, undefined, { signal });
}
