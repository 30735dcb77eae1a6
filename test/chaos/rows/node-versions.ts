/** Histories made on one release of Node, in one time zone, are replayed on another, in another. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { historiesFolder } from '../../histories/replay.ts';
import { exactly, type Figure } from '../figures.ts';
import { nodeRelease } from '../node-releases.ts';
import { isRight, localChain, workChain } from '../pipelines.ts';
import type { Place } from '../place.ts';
import { IN_FLIGHT, type Row } from '../row.ts';
import { withScene } from '../scene.ts';

const OLD = '22.18.0';
const STEP_MS = 20;
const program = fileURLToPath(new URL('../replay-process.ts', import.meta.url));

interface Release {
  readonly name: string;
  readonly program: string;
}

export const r22: Row = {
  id: 'R22',
  title: `histories made on Node ${OLD} replay on ${process.versions.node}, and back`,
  play: async (place: Place) => {
    const old: Release = { name: OLD, program: await nodeRelease(OLD, place.cache) };
    const current: Release = { name: process.versions.node, program: process.execPath };
    return [
      ...(await makeAndReplay(place, old, current)),
      ...(await makeAndReplay(place, current, old)),
      // Every kind of node and of ending, recorded on the release that this project is built with.
      await replayOn(old, historiesFolder, place.cache, 'committed histories'),
    ];
  },
};

async function makeAndReplay(place: Place, made: Release, replayed: Release): Promise<readonly Figure[]> {
  return withScene(place, { name: 'R22', settings: { TZ: 'UTC' } }, async (scene) => {
    const worker = await scene.startWorker({ node: made.program });
    const played = [
      ...(await scene.runMany(workChain(STEP_MS), IN_FLIGHT)),
      ...(await scene.runMany(localChain(STEP_MS), IN_FLIGHT)),
    ];
    await worker.terminate();
    const folder = join(place.folder, `histories-${made.name}`);
    await mkdir(folder);
    for (const { result } of played)
      await writeFile(join(folder, `${result.runId}.json`), historyToJSON(await scene.historyOf(result.runId)));
    return [
      exactly(`runs on ${made.name} with the right answer`, played.filter(isRight).length, 2 * IN_FLIGHT),
      await replayOn(replayed, folder, place.cache, `histories made on ${made.name}`),
    ];
  });
}

/** Replays in a time zone as far from the first as there is. */
async function replayOn(
  { name, program: node }: Release,
  folder: string,
  cache: string,
  what: string,
): Promise<Figure> {
  const { stdout } = await promisify(execFile)(node, [program, folder, cache], {
    env: { PATH: process.env.PATH, TZ: 'Pacific/Kiritimati' },
  });
  const report = JSON.parse(stdout) as { node: string; results: { name: string; error?: string }[] };
  if (report.node !== name) throw new Error(`${node} is Node ${report.node}`);
  const fitting = report.results.filter(({ error }) => error === undefined).length;
  return exactly(`${what} that replay on ${name}`, fitting, report.results.length);
}
