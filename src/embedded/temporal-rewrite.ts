/**
 * Takes what was erased out of the file of the embedded Temporal server. SQLite keeps what was deleted in free pages; and a
 * start that finds its workflow running leaves a second history behind, with the run's input, that no execution owns.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';

const POLL_MS = 50;
/** How long a lock of the server is waited for. */
const LOCK_LIMIT_MS = 30_000;
const SQLITE_BUSY = 5;
/** How Temporal names the execution that a history was begun for: namespace, workflow and run. */
const EXECUTION = /[0-9a-f-]{36}:([^:]+):[0-9a-f-]{36}/;

export interface TemporalRewrite {
  /** The server's SQLite file. */
  readonly file: string;
  /** The server's process, where it runs. */
  readonly pid: number | undefined;
  /** Those of these workflows that are of erased runs. */
  readonly erasedAmong: (workflowIds: readonly string[]) => Promise<readonly string[]>;
}

/**
 * After Temporal has deleted what it was asked to.
 *
 * @throws SluiceError `temporal_busy` where its file is locked for half a minute
 */
export async function rewriteTemporal({ file, pid, erasedAmong }: TemporalRewrite): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  // Temporal's schema has texts in double quotes.
  const database = new DatabaseSync(file, { timeout: LOCK_LIMIT_MS, enableDoubleQuotedStringLiterals: true });
  try {
    const ownerless = ownerlessHistories(database);
    const erased = new Set(await erasedAmong([...new Set(ownerless.map(({ workflowId }) => workflowId))]));
    for (const { workflowId, treeId } of ownerless) if (erased.has(workflowId)) deleteHistoryTree(database, treeId);
    await vacuum(database, pid);
  } finally {
    database.close();
  }
}

/**
 * The server finds its file locked while it is rewritten, and refuses requests for that: so it is paused meanwhile. It may
 * hold the lock itself at the moment of the pause; then it goes on first.
 */
async function vacuum(database: DatabaseSync, pid: number | undefined): Promise<void> {
  database.exec(`pragma busy_timeout = ${POLL_MS}`);
  const giveUpAt = performance.now() + LOCK_LIMIT_MS;
  for (;;) {
    const resume = pid === undefined ? undefined : await pauseProcess(pid);
    try {
      return database.exec('vacuum');
    } catch (error) {
      if ((error as { readonly errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      if (performance.now() > giveUpAt) throw busy(error);
    } finally {
      await resume?.();
    }
    await delay(POLL_MS);
  }
}

const busy = (cause: unknown): SluiceError =>
  new SluiceError('temporal_busy', {
    message: `the file of the Temporal server is locked for ${LOCK_LIMIT_MS / 1_000} s: what was erased is still in its free space`,
    remedy: 'give the command again when less runs: it goes on from here',
    cause,
  });

interface History {
  readonly treeId: Uint8Array;
  readonly workflowId: string;
}

function ownerlessHistories(database: DatabaseSync): readonly History[] {
  const query = database.prepare(
    'select tree_id as treeId, data from history_tree where tree_id not in (select run_id from executions)',
  );
  return query.all().flatMap(({ treeId, data }) => {
    const workflowId = EXECUTION.exec(Buffer.from(data as Uint8Array).toString('latin1'))?.[1];
    return workflowId === undefined ? [] : [{ treeId: treeId as Uint8Array, workflowId }];
  });
}

function deleteHistoryTree(database: DatabaseSync, treeId: Uint8Array): void {
  for (const table of ['history_node', 'history_tree'])
    database.prepare(`delete from ${table} where tree_id = ?`).run(treeId);
}

// Pauses another process of this machine: what waits for its answers waits longer, as if its machine were slow.

/**
 * Resolves with what lets the process go on. Should this process be killed before, a guard does it: a shell in a session of
 * its own, which no Ctrl-C reaches, and whose input ends with this process.
 */
export async function pauseProcess(pid: number): Promise<() => Promise<void>> {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -CONT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  await once(guard, 'spawn');
  const ended = once(guard, 'exit');
  process.kill(pid, 'SIGSTOP');
  return async () => {
    guard.stdin.end();
    await ended;
  };
}
