/**
 * The workflow bundle: the one file of code that runs in Temporal's sandbox. A published package carries it built; from
 * sources it is built once per content of those sources and kept, since building takes seconds at each start.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import sdk from '@temporalio/worker/package.json' with { type: 'json' };
import { OWN } from '../base/claim-file.ts';
import { hashFiles } from '../base/hash-files.ts';
import { OWN_FOLDER } from '../base/private-folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Sources run as they are; a built package has the same layout in JavaScript. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const SOURCES = [`workflows/**/*.${extension}`, `src/{plan,model}/**/*.${extension}`];

export const workflowsPath = join(root, `workflows/index.${extension}`);
export const payloadConverterPath = join(root, `workflows/payload-converter.${extension}`);
const failureConverterPath = join(root, `workflows/failure-converter.${extension}`);
export const prebuiltBundlePath = join(root, 'workflow-bundle.js');

/** Builds the bundle; a module that workflows may not use is an error that names it. */
export async function buildWorkflowBundle(): Promise<string> {
  const logger = new DefaultLogger('ERROR');
  const { code } = await bundleWorkflowCode({ workflowsPath, payloadConverterPath, failureConverterPath, logger });
  return code;
}

/**
 * Where the bundle for this code lies, built first if need be.
 *
 * @param cache a folder that may be deleted at any time
 */
export async function workflowBundle(cache: string): Promise<{ codePath: string }> {
  if (extension === 'js' && existsSync(prebuiltBundlePath)) return { codePath: prebuiltBundlePath };
  const codePath = join(cache, `workflow-bundle-${sdk.version}-${await hashFiles(root, SOURCES)}.js`);
  if (!existsSync(codePath)) {
    await mkdir(cache, { recursive: true, mode: OWN_FOLDER });
    // Written aside and renamed, so that a worker starting meanwhile never reads half a file.
    const unfinished = `${codePath}.${process.pid}`;
    await writeFile(unfinished, await buildWorkflowBundle(), { mode: OWN });
    await rename(unfinished, codePath);
  }
  return { codePath };
}

/** One word of the bundle, from `workflows/failure-converter.ts`, and the one that it is changed to. */
const CLEAR_FAILURES = 'failure-texts:clear';
const CODED_FAILURES = 'failure-texts:coded';

/** The same bundle with the texts of failures as payloads. Two built bundles would be twice the package. */
export async function withCodedFailures({ codePath }: { readonly codePath: string }): Promise<{ code: string }> {
  const [before, after, ...more] = (await readFile(codePath, 'utf8')).split(CLEAR_FAILURES);
  // Rather no worker than one that writes in the clear.
  if (after === undefined || more.length > 0) throw new Error(`${codePath} does not hold '${CLEAR_FAILURES}' once`);
  return { code: `${before}${CODED_FAILURES}${after}` };
}
