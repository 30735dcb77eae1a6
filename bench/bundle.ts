/**
 * The size of the workflow bundle, which every worker loads and every workflow's isolate runs; beside it, a bundle with
 * one empty workflow, so that what is Temporal's own can be told from what is ours.
 *
 * npm run bench:bundle
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { payloadConverterPath, workflowsPath } from '../src/worker/bundle.ts';
import { report } from './support/report.ts';

async function kilobytesOf(workflows: string): Promise<number> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    payloadConverterPath,
    logger: new DefaultLogger('ERROR'),
  });
  const withoutMap = code.replace(/\n\/\/# sourceMappingURL=data:.*$/ms, '');
  return Buffer.byteLength(withoutMap) / 1_000;
}

// Inside the project, so that the bundler finds Temporal's packages.
const folder = await mkdtemp(join(process.cwd(), '.sluice-bench-'));
const empty = join(folder, 'empty.ts');
await writeFile(empty, "import { sleep } from '@temporalio/workflow';\nexport const empty = () => sleep(1);\n");
const ours = await kilobytesOf(workflowsPath);
const bare = await kilobytesOf(empty);
await rm(folder, { recursive: true });
const met = report('the workflow bundle, without its source map', [
  { what: "Sluice's workflows", value: ours, unit: 'kB', asked: { atMost: 800 } },
  { what: 'one empty workflow', value: bare, unit: 'kB' },
  { what: 'what is ours', value: ours - bare, unit: 'kB' },
]);
process.exitCode = met ? 0 : 1;
