/**
 * Who has a database folder: a file with the process and its port, so that a second process cannot open the same files.
 * What a dead process left is taken over.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SluiceError } from '../errors.ts';
import { createClaim } from './claim-file.ts';

export interface Owner {
  readonly pid: number;
  /** Null while it starts. */
  readonly port: number | null;
}

/** How long an owner's port may take to answer before its number is thought to belong to another program by now. */
const ANSWER_MS = 2_000;

const fileIn = (folder: string): string => join(folder, 'owner.json');

/**
 * Makes this process the owner of `folder`, which is created where missing.
 *
 * @throws SluiceError `database_locked` when another living process is.
 */
export async function claimFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const claim: Owner = { pid: process.pid, port: null };
  while (!(await createClaim(fileIn(folder), JSON.stringify(claim)))) {
    const owner = await readOwner(fileIn(folder));
    if (owner !== undefined && (await isLiving(owner))) throw locked(folder, owner);
    // Moved before it is removed: of two that find a dead owner's file, one moves it, and neither the other's new one.
    const aside = `${fileIn(folder)}.${process.pid}`;
    await rename(fileIn(folder), aside).catch(ifMissing);
    const moved = await readOwner(aside);
    await rm(aside, { force: true });
    if (moved !== undefined && moved.pid !== owner?.pid) throw locked(folder, moved);
  }
}

export async function publishPort(folder: string, port: number): Promise<void> {
  await writeFile(fileIn(folder), JSON.stringify({ pid: process.pid, port } satisfies Owner));
}

export async function releaseFolder(folder: string): Promise<void> {
  await rm(fileIn(folder), { force: true });
}

/** Undefined where there is no file, or one that a full disk left empty. */
async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch(ifMissing);
  try {
    return text ? (JSON.parse(text) as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function isLiving({ pid, port }: Owner): Promise<boolean> {
  if (pid === process.pid || !exists(pid)) return false;
  // Numbers of dead processes are given out again: one that has a port must answer there.
  return port === null || answers(port);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: ANSWER_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function locked(folder: string, { pid, port }: Owner): SluiceError {
  const where = port === null ? '' : ` and served on port ${port}`;
  return new SluiceError('database_locked', {
    message: `the database in ${folder} is open in process ${pid}${where}`,
    remedy: `stop that process, or use it; if ${pid} is no process of Sluice, delete ${fileIn(folder)}`,
    data: { folder, pid, port },
  });
}
