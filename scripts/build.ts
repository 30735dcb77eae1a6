/**
 * `npm run build`: the publishable package in `dist/`. The compiler writes JavaScript and types; what it does not know
 * of is copied; the workflow bundle is made from what was compiled, so that a worker of the package starts without
 * webpack; and the dashboard and the page of reports are bundled, with what they use.
 */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, glob, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BUILDS, PREBUILT } from '../src/dashboard/built-folder.ts';
import { bundleDashboard } from '../src/dashboard/bundle.ts';
import { prebuiltBundlePath } from '../src/worker/bundle.ts';
import { makePortable } from './source-map.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Read at run time from beside the code that reads them. */
const ASSETS = ['src/**/*.sql', 'src/cli/init/*'];

await rm(dist, { recursive: true, force: true });
const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
// The compiler has said what is wrong.
if (compiled.status !== 0) process.exit(1);

for await (const asset of glob(ASSETS, { cwd: root })) {
  await mkdir(dirname(join(dist, asset)), { recursive: true });
  await copyFile(join(root, asset), join(dist, asset));
}
await chmod(join(dist, 'src/cli/main.js'), 0o755);

const built = (await import(join(dist, 'src/worker/bundle.js'))) as typeof import('../src/worker/bundle.ts');
await writeFile(join(dist, basename(prebuiltBundlePath)), makePortable(await built.buildWorkflowBundle(), dist));
for (const build of BUILDS) await bundleDashboard(build, join(dist, PREBUILT, build));
