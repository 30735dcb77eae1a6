/** Workflow code with planted reorderings: a copy of the sources in which some calls have changed places, bundled. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

export interface Reorder {
  /** Below the project. */
  readonly file: string;
  /** Each must occur once, so that no reordering is silently lost when the code changes. */
  readonly passage: string;
  readonly becomes: string;
}

/** Copies are made here: modules are found from inside the project only. */
const SCRATCH = '.sluice';

export async function bundleReordered(reorders: readonly Reorder[]): Promise<{ readonly code: string }> {
  await mkdir(SCRATCH, { recursive: true });
  const folder = await mkdtemp(join(SCRATCH, 'reordered-'));
  try {
    for (const part of ['workflows', 'src/plan', 'src/model']) await cp(part, join(folder, part), { recursive: true });
    for (const { file, passage, becomes } of reorders) {
      const path = join(folder, file);
      const parts = (await readFile(path, 'utf8')).split(passage);
      if (parts.length !== 2) throw new Error(`'${passage}' occurs ${parts.length - 1} times in ${file}`);
      await writeFile(path, parts.join(becomes));
    }
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(process.cwd(), folder, 'workflows/index.ts'),
      payloadConverterPath: join(process.cwd(), folder, 'workflows/payload-converter.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    return { code };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const OUTCOME = 'upsertSearchAttributes([{ key: outcomeAttribute, value: outcome }]);';
const RECORDED = 'await condition(allHandlersFinished);';

/** Every workflow does two things in the other order. */
export const SWAPPED_CALLS: readonly Reorder[] = [
  { file: 'workflows/run-pipeline.ts', passage: OUTCOME, becomes: '' },
  { file: 'workflows/run-pipeline.ts', passage: RECORDED, becomes: `${OUTCOME} ${RECORDED}` },
  {
    file: 'workflows/ingest.ts',
    passage: '{ listSource, ingestBatch',
    becomes: '{ ingestBatch: listSource, listSource: ingestBatch',
  },
  {
    file: 'workflows/evaluate.ts',
    passage: 'return { beginEvaluation, evaluateChunk, endEvaluation };',
    becomes: 'return { beginEvaluation: endEvaluation, evaluateChunk, endEvaluation: beginEvaluation };',
  },
  {
    file: 'workflows/experiment.ts',
    passage: 'await activities.lookAtExperiment.',
    becomes: 'await activities.actOnLook.',
  },
  {
    file: 'workflows/background.ts',
    passage: 'await rerunRuns({ rerunId, lane, lanes })',
    becomes: 'await endRerun({ rerunId, lane, lanes })',
  },
  { file: 'workflows/background.ts', passage: 'await scoreMonitor({', becomes: 'await endMonitor({' },
  { file: 'workflows/background.ts', passage: 'await sleep(settings.intervalMs);', becomes: 'await sweepRuns();' },
];

/** The walker begins with the node that came last. */
export const LAST_FIRST: readonly Reorder[] = [
  { file: 'src/plan/walk/frame.ts', passage: 'return tasks[head++];', becomes: 'return tasks.pop();' },
];
