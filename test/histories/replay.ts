/**
 * The replay gate: every recorded history must be what today's workflow code would do again. Executions under way when
 * a new version is deployed are only safe if it is.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { payloadConverterPath } from '../../src/worker/bundle.ts';
import { installLogging } from '../../src/worker/logging.ts';

export const historiesFolder = fileURLToPath(new URL('.', import.meta.url));

export interface Recorded {
  readonly name: string;
  readonly history: History;
}

export interface Replayed {
  readonly name: string;
  /** Why the code does not fit the history. */
  readonly error?: Error;
}

export async function readHistories(folder: string = historiesFolder): Promise<readonly Recorded[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: basename(file, '.json'),
      history: historyFromJSON(JSON.parse(await readFile(join(folder, file), 'utf8'))),
    })),
  );
}

/** Replays all; `seconds` is without the start of the worker. */
export async function replay(
  workflowBundle: { readonly codePath: string } | { readonly code: string },
  recorded: readonly Recorded[],
): Promise<{ readonly replayed: readonly Replayed[]; readonly seconds: number }> {
  installLogging({ logLevel: 'error' });
  let firstAskedAt = Number.NaN;
  function* feed() {
    firstAskedAt = performance.now();
    for (const { name, history } of recorded) yield { workflowId: name, history };
  }
  const replayed: Replayed[] = [];
  const options = { workflowBundle, dataConverter: { payloadConverterPath } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, feed()))
    replayed.push({ name: workflowId, ...(error && { error }) });
  return { replayed, seconds: (performance.now() - firstAskedAt) / 1_000 };
}
