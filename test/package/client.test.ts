/** A web server that only asks does not load what a worker needs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../src');

it.each([
  ['client.ts', false],
  ['index.ts', false],
  ['worker/worker.ts', true],
])('%s loads Temporal’s native library: %s', async (file, does) => {
  expect((await packagesOf(join(src, file))).has('@temporalio/core-bridge')).toBe(does);
});

/** The packages that importing a file loads. */
async function packagesOf(file: string): Promise<ReadonlySet<string>> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({
      resolve(name, context, next) {
        const found = next(name, context);
        loaded.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url)?.[1]);
        return found;
      },
    });
    await import(${JSON.stringify(file)});
    process.stdout.write(JSON.stringify([...loaded]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return new Set(JSON.parse(stdout) as string[]);
}
