/** What a run was asked as an example of a dataset; what it answered is what is expected, where that is accepted. */
import { SluiceError } from '../base/errors.ts';
import type { Example } from '../model/dataset.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { restoreClaims } from '../store/claims.ts';
import type { RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type RowSchemas, readRow } from './dataset-row.ts';

export interface ExampleOptions {
  /** The run's output is what is expected. */
  readonly accept?: boolean | undefined;
  /** In its place. */
  readonly expected?: Json | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Default: the run's. */
  readonly id?: string | undefined;
  readonly schemas?: RowSchemas | undefined;
}

/**
 * @param redaction the run may be older than the rules
 * @throws SluiceError `content_removed`, `run_unaccepted`; `row_invalid`, `input_unfit`, `expected_unfit` and others of `readRow`
 */
export async function exampleOfRun(
  { store, redaction }: { readonly store: Pick<Store, 'payloads'>; readonly redaction: Redaction },
  run: RunWithNodes,
  { accept, expected: given, tags = [], id, schemas = {} }: ExampleOptions,
): Promise<Example> {
  checkContent(run, accept ?? false);
  const expected = accept ? await restoreClaims(store.payloads, run.output) : given;
  const row: Json = {
    id: id ?? run.runId,
    input: redaction.json(await restoreClaims(store.payloads, run.input)),
    ...(expected !== undefined && { expected: redaction.json(expected) }),
    ...(tags.length > 0 && { tags }),
    run: run.runId,
  };
  const problems: SluiceError[] = [];
  const example = readRow(row, schemas, (code, message, remedy) => {
    problems.push(new SluiceError(code, { message, remedy }));
  });
  if (example === undefined) throw problems[0]!;
  return example;
}

function checkContent({ runId, state, contentRemovedAt }: RunWithNodes, accept: boolean): void {
  if (contentRemovedAt !== null)
    throw new SluiceError('content_removed', {
      message: `what run ${runId} was asked and gave is removed`,
      remedy: 'add another run',
      data: { runId },
    });
  if (accept && state !== 'completed' && state !== 'degraded')
    throw new SluiceError('run_unaccepted', {
      message: `run ${runId} is ${state}: it has no output to accept`,
      remedy: 'say what is expected, or add it without',
      data: { runId, state },
    });
}
