/** Five nodes in a row that say what they are told: work that is all overhead, with a hand-written twin beside it. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { z } from 'zod';
import { implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { payloadConverterPath } from '../../src/worker/bundle.ts';

const Text = z.object({ text: z.string() });
const echo = defineStep('echo', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ prompt: z.string().default('') }),
  effect: 'none',
  policy: { attempts: 3, timeout: '10 seconds' },
});

export const echoes = () => [implement(echo, async (input) => input)];

/** @param prompt in the config of each node, so that the plan is as large as one likes */
export function echoFive(prompt = '', options: { readonly lane?: 'local' } = {}) {
  const config = { prompt };
  return definePipeline('bench', Text)
    .step('one', echo, ({ input }) => ({ text: input.text }), config, options)
    .step('two', echo, ({ one }) => ({ text: one.text }), config, options)
    .step('three', echo, ({ two }) => ({ text: two.text }), config, options)
    .step('four', echo, ({ three }) => ({ text: three.text }), config, options)
    .step('five', echo, ({ four }) => ({ text: four.text }), config, options)
    .output(Text, ({ five }) => ({ text: five.text }));
}

/** The product's workflows with the hand-written ones. */
export async function benchBundle(cache: string): Promise<{ codePath: string }> {
  const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath,
    logger: new DefaultLogger('ERROR'),
  });
  const codePath = join(cache, 'bench-bundle.js');
  // Renamed into place: another benchmark may read it just now.
  const unfinished = `${codePath}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, codePath);
  return { codePath };
}
