/**
 * The key that a worker signs tokens with, so that a receiver takes them from nobody else. Workers and callers of one
 * folder share a key that is made there; those on several machines are given one by `SLUICE_SINK_KEY`.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClaim } from '../base/claim-file.ts';
import { makePrivateFolder } from '../base/private-folder.ts';
import type { Config } from '../config/config.ts';
import { stateFolder } from '../embedded/dev-state.ts';

const KEY_BYTES = 32;

/** The configured key, or the folder's own, which is made where there is none. */
export async function readSinkKey({ sink }: Config, folder: string): Promise<string> {
  if (sink.key !== undefined) return sink.key.reveal();
  const state = stateFolder(folder);
  const file = join(state, 'sink-key');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  await makePrivateFolder(state);
  // Of two that make one at the same moment, both use that of the first.
  await createClaim(file, randomBytes(KEY_BYTES).toString('hex'));
  return (await readFile(file, 'utf8')).trim();
}

/** What a sender of a run's tokens shows: of use for this run alone. */
export function signRun(key: string, runId: string): string {
  return createHmac('sha256', key).update(runId).digest('hex');
}

export function isSigned(key: string, runId: string, signature: string): boolean {
  const expected = Buffer.from(signRun(key, runId));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
