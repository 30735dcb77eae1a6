/**
 * From `sluice dev` to ready, in a folder of its own: the first time, and again when everything is there. Beside it, a
 * bare Node process that loads Temporal's worker library, which no start can be quicker than.
 *
 * npm run bench:dev-ready [-- --smoke]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { report } from './support/report.ts';
import { median } from './support/statistics.ts';

const smoke = process.argv.includes('--smoke');
const WARM_STARTS = smoke ? 1 : 5;
const root = process.cwd();

/** Seconds from the start of the process to its line that begins with `line`; it is then asked to stop. */
async function secondsTo(line: string, args: readonly string[], folder: string): Promise<number> {
  const startedAt = performance.now();
  const environment = { ...process.env, SLUICE_CACHE: join(root, '.sluice', 'cache') };
  const child = spawn(process.execPath, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let seconds = Number.NaN;
  for await (const text of createInterface(child.stdout)) {
    if (!text.startsWith(line)) continue;
    seconds = (performance.now() - startedAt) / 1_000;
    child.kill('SIGINT');
  }
  if (child.exitCode === null) await once(child, 'exit');
  return seconds;
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-dev-'));
await mkdir(join(folder, 'pipelines'));
await writeFile(join(folder, 'pipelines', 'index.ts'), `export { pipelines } from '${root}/pipelines/index.ts';\n`);
const dev = [join(root, 'src/cli/main.ts'), 'dev', '--quiet'];
const bare = [
  '--input-type=module',
  '-e',
  `await import('${root}/node_modules/@temporalio/worker/lib/index.js'); console.log('ready');`,
];

const cold = await secondsTo('ready', dev, folder);
const warm: number[] = [];
const loading: number[] = [];
for (let start = 0; start < WARM_STARTS; start++) {
  loading.push(await secondsTo('ready', bare, folder));
  warm.push(await secondsTo('ready', dev, folder));
}
await rm(folder, { recursive: true });
const met = report('sluice dev', [
  { what: `ready, warm (median of ${WARM_STARTS})`, value: median(warm), unit: 's', asked: { atMost: 10 } },
  { what: 'ready, the first time in a folder', value: cold, unit: 's' },
  { what: "loading Temporal's worker library alone", value: median(loading), unit: 's' },
]);
process.exitCode = met || smoke ? 0 : 1;
