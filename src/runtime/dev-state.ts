/**
 * The state file of embedded servers, `.sluice/dev.json`: who serves this folder, and where. It is the lock that keeps a
 * second one out, the address book for other commands, and after a crash the list of what was left running.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SluiceError } from '../errors.ts';

const Serving = z.object({
  /** The process that owns the servers. */
  pid: z.number().int(),
  startedAt: z.string(),
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

export const stateFolder = (folder: string) => join(folder, '.sluice');
const stateFile = (folder: string) => join(stateFolder(folder), 'dev.json');

/** Who serves this folder now; undefined when nobody does, or who did is dead. */
export async function readServing(folder: string): Promise<Serving | undefined> {
  const serving = await readState(folder);
  return serving && isAlive(serving.pid) ? serving : undefined;
}

/**
 * Claims the folder for this process.
 *
 * @throws SluiceError `already_serving` when another living process has it.
 */
export async function claimFolder(folder: string): Promise<void> {
  await mkdir(stateFolder(folder), { recursive: true });
  const claim: Serving = { pid: process.pid, startedAt: new Date().toISOString() };
  for (;;) {
    try {
      return await writeFile(stateFile(folder), JSON.stringify(claim), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const other = await readState(folder);
    if (other && isAlive(other.pid)) throw alreadyServing(folder, other);
    await clearRemains(folder, other);
  }
}

export async function publishServing(folder: string, servers: NonNullable<Serving['servers']>): Promise<void> {
  const serving: Serving = { pid: process.pid, startedAt: new Date().toISOString(), servers };
  await writeFile(stateFile(folder), `${JSON.stringify(serving, null, 2)}\n`);
}

export async function releaseFolder(folder: string): Promise<void> {
  await rm(stateFile(folder), { force: true });
}

async function readState(folder: string): Promise<Serving | undefined> {
  try {
    return Serving.parse(JSON.parse(await readFile(stateFile(folder), 'utf8')));
  } catch {
    return undefined; // absent, or half-written by a crash: both mean that nobody serves
  }
}

/** A killed owner leaves its Temporal server behind (the database ends with its owner): that one is ended here. */
async function clearRemains(folder: string, dead: Serving | undefined): Promise<void> {
  const pid = dead?.servers?.temporal.pid;
  if (pid !== undefined && (await isTemporalServer(pid))) process.kill(pid, 'SIGTERM');
  await releaseFolder(folder);
}

/** Process ids are used again: only a process whose command line says so is the server we started. */
async function isTemporalServer(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('start-dev') && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // alive, and somebody else's
  }
}

function alreadyServing(folder: string, { pid, servers }: Serving): SluiceError {
  const where = servers ? `; its Temporal UI is ${servers.temporal.uiUrl}` : '';
  return new SluiceError('already_serving', {
    message: `process ${pid} already serves ${folder}${where}`,
    remedy: `use it as it is (sluice ask, sluice search … find it), or stop it first: kill ${pid}`,
    data: { pid },
  });
}
