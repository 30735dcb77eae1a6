/**
 * The state file of embedded servers, `.sluice/dev.json`: who has this folder, for what, and where. It is the lock that
 * keeps a second one out, the address book for other commands, and after a crash the list of what was left running.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createClaim, OWN } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { makePrivateFolder } from '../base/private-folder.ts';
import { isFull } from '../store/database-errors.ts';
import { diskFull } from './disk-space.ts';

const Serving = z.object({
  /** The process that owns the servers. */
  pid: z.number().int(),
  startedAt: z.string(),
  /** `folder`: others may use the servers. `command`: they end with one command, so nobody else may count on them. */
  serves: z.enum(['folder', 'command']),
  /** Absent while they start. */
  servers: z
    .object({
      temporal: z.object({
        address: z.string(),
        namespace: z.string(),
        uiUrl: z.string(),
        pid: z.number().int().optional(),
      }),
      databaseUrl: z.string(),
    })
    .optional(),
});
export type Serving = z.infer<typeof Serving>;
export type Serves = Serving['serves'];
export type Servers = NonNullable<Serving['servers']>;

export const stateFolder = (folder: string) => join(folder, '.sluice');
const stateFile = (folder: string) => join(stateFolder(folder), 'dev.json');

/** Who has this folder now; undefined when nobody does, or who did is dead. */
export async function readServing(folder: string): Promise<Serving | undefined> {
  const serving = await readState(stateFile(folder));
  return serving && isLiving(serving) ? serving : undefined;
}

/** The servers of this folder that others may use; undefined where there are none. */
export async function readServers(folder: string): Promise<Servers | undefined> {
  const serving = await readServing(folder);
  return serving?.serves === 'folder' ? serving.servers : undefined;
}

/**
 * Claims the folder for this process.
 *
 * @throws SluiceError `disk_full`; `already_serving` when another living process serves it; `folder_busy`, which passes,
 * when one has it for a single command, or has not yet started what it will serve.
 */
export async function claimFolder(folder: string, serves: Serves): Promise<void> {
  const claim: Serving = { pid: process.pid, startedAt: new Date().toISOString(), serves };
  for (;;) {
    try {
      await makePrivateFolder(stateFolder(folder));
      if (await createClaim(stateFile(folder), JSON.stringify(claim))) return;
    } catch (error) {
      throw isFull(error) ? diskFull({ folder: stateFolder(folder) }, error) : error;
    }
    const other = await readState(stateFile(folder));
    if (other && isLiving(other)) throw refusal(folder, other, serves);
    await clearRemains(folder, other);
  }
}

export async function publishServing(folder: string, serves: Serves, servers: Servers): Promise<void> {
  const serving: Serving = { pid: process.pid, startedAt: new Date().toISOString(), serves, servers };
  // Renamed into place: a reader never meets half of it, which it would take for the remains of a crash.
  const unfinished = `${stateFile(folder)}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(serving, null, 2)}\n`, { mode: OWN });
  await rename(unfinished, stateFile(folder));
}

export async function releaseFolder(folder: string): Promise<void> {
  await rm(stateFile(folder), { force: true });
}

async function readState(file: string): Promise<Serving | undefined> {
  try {
    return Serving.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined; // absent, or half-written by a crash: both mean that nobody has it
  }
}

/** A killed owner leaves its Temporal server behind (the database ends with its owner): that one is ended here. */
async function clearRemains(folder: string, dead: Serving | undefined): Promise<void> {
  const pid = dead?.servers?.temporal.pid;
  if (pid !== undefined && (await isTemporalServer(pid))) process.kill(pid, 'SIGTERM');
  // Moved before it is removed: of two that find a dead owner's file, one moves it, and neither the other's new one.
  const aside = `${stateFile(folder)}.${process.pid}`;
  const isMoved = await rename(stateFile(folder), aside).then(
    () => true,
    () => false,
  );
  const moved = isMoved ? await readState(aside) : undefined;
  if (moved && moved.pid !== dead?.pid && isLiving(moved)) await rename(aside, stateFile(folder));
  else await rm(aside, { force: true });
}

/** Process ids are used again: only a process whose command line says so is the server we started. */
async function isTemporalServer(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('start-dev') && isAlive(pid);
}

/** A claim under our own id from before we began is that of a dead process: in containers, ids are the same each time. */
function isLiving({ pid, startedAt }: Serving): boolean {
  if (pid === process.pid) return Date.parse(startedAt) >= performance.timeOrigin;
  return isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}

function refusal(folder: string, other: Serving, wanted: Serves): SluiceError {
  const { pid, serves, servers } = other;
  const isServing = serves === 'folder' && (servers !== undefined || wanted === 'folder');
  if (isServing) {
    const where = servers ? `; its Temporal UI is ${servers.temporal.uiUrl}` : '';
    return new SluiceError('already_serving', {
      message: `process ${pid} already serves ${folder}${where}`,
      remedy: `use it as it is (sluice ask, sluice search … find it), or stop it first: kill ${pid}`,
      data: { pid },
    });
  }
  const doing = serves === 'folder' ? 'is still starting its servers' : 'has its servers for one command';
  return new SluiceError('folder_busy', {
    message: `process ${pid} ${doing} in ${folder}`,
    remedy: `wait until it ends (or stop it: kill ${pid}); sluice dev keeps servers that many commands share`,
    retryable: true,
    data: { pid },
  });
}
