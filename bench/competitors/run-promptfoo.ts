/** promptfoo: variants are providers, an example is a test with one assertion. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerTo, textOf, VARIANTS } from '../support/five-steps.ts';
import { installedVersion, packageFile } from './installed.ts';
import { type Measured, measure } from './measure.ts';
import { CONCURRENCY, taskEnvironment } from './pipeline.ts';

/** Nothing listens there: what it sends even where it was told not to (that telemetry is off) goes nowhere. */
const NO_PROXY_THERE = 'http://127.0.0.1:9';
const OFF = {
  PROMPTFOO_DISABLE_TELEMETRY: '1',
  PROMPTFOO_DISABLE_UPDATE: '1',
  PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
  PROMPTFOO_DISABLE_SHARING: '1',
  PROMPTFOO_CACHE_ENABLED: 'false',
  // It lowers the concurrency of providers that limit the rate; these do not, and it is faster without.
  PROMPTFOO_DISABLE_ADAPTIVE_SCHEDULER: '1',
  https_proxy: NO_PROXY_THERE,
  HTTPS_PROXY: NO_PROXY_THERE,
  http_proxy: NO_PROXY_THERE,
  HTTP_PROXY: NO_PROXY_THERE,
};
const FLAGS = ['--no-cache', '--no-write', '--no-table', '--no-progress-bar', '--no-share'];

export async function promptfoo(examples: number): Promise<Measured> {
  const program = packageFile('promptfoo', 'dist', 'src', 'entrypoint.js');
  return measure(`promptfoo ${await installedVersion('promptfoo')}`, examples, async (task) => {
    const [config, results] = [join(task.folder, 'promptfooconfig.json'), join(task.folder, 'results.json')];
    await writeFile(config, JSON.stringify(configOf(examples)));
    return {
      args: [program, 'eval', '-c', config, '-j', String(CONCURRENCY), '-o', results, ...FLAGS],
      env: { ...taskEnvironment(task), ...OFF, PROMPTFOO_CONFIG_DIR: join(task.folder, 'home') },
      cwd: task.folder,
    };
  });
}

function configOf(examples: number) {
  const provider = pathToFileURL(join(import.meta.dirname, 'promptfoo', 'provider.ts')).href;
  return {
    prompts: ['{{text}}'],
    providers: VARIANTS.map((variant) => ({ id: provider, label: `variant-${variant}`, config: { variant } })),
    tests: Array.from({ length: examples }, (_, n) => ({
      vars: { text: textOf(n) },
      assert: [{ type: 'equals', value: answerTo(n) }],
    })),
  };
}
