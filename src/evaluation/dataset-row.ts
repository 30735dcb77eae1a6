/**
 * Reads a line into an example: checks its form, that PostgreSQL can store it, and that it fits the schemas of the
 * pipeline and the dataset. The written value is stored, not the parsed one: schema defaults may change.
 */
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { checkKnownKeys } from '../dsl/shape.ts';
import { DATASET_LIMITS, type Example } from '../model/dataset.ts';
import { findJsonFault } from '../plan/json.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import { hasClaim, restoreClaims } from '../store/claims.ts';
import type { RunWithNodes } from '../store/runs.ts';
import { unstorablePath } from '../store/storable.ts';
import type { Store } from '../store/store.ts';
import type { Complain } from './table-rows.ts';

/** What rows are checked against; absent: nothing but their form. */
export interface RowSchemas {
  readonly input?: z.ZodObject | undefined;
  readonly expected?: z.ZodObject | undefined;
}

const { idLength, clusterLength, tagLength, tags, relevant, passageIdBytes, grade, exampleBytes } = DATASET_LIMITS;
const name = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}]*\S[^\p{Cc}]*$/u, 'it is blank, or has control characters');

const Row = z.strictObject({
  id: z.union([name(idLength), z.int().transform(String)], { error: `give a text of 1 to ${idLength} characters` }),
  input: z.record(z.string(), z.json(), { error: 'give an object, such as {"question": "…"}' }),
  expected: z.record(z.string(), z.json(), { error: 'give an object, such as {"answer": "…"}' }).optional(),
  relevant: z
    .record(
      z
        .string()
        .refine((id) => id !== '' && Buffer.byteLength(id) <= passageIdBytes, `ids have 1 to ${passageIdBytes} bytes`),
      z.number().min(0).max(grade),
      { error: 'give grades by passage id, such as {"guide#2": 3}' },
    )
    .refine((grades) => Object.keys(grades).length <= relevant, `at most ${relevant} passages have a grade`)
    .optional(),
  cluster: name(clusterLength).optional(),
  tags: z
    .array(name(tagLength))
    .max(tags)
    .transform((list) => [...new Set(list)].sort())
    .refine(
      (list) => !(list.includes('dev') && list.includes('final')),
      'an example is of dev or of final, not of both',
    )
    .optional(),
  run: name(idLength).optional(),
});
const KEYS = Object.keys(Row.shape);

/** The example, or undefined where something was complained of. */
export function readRow(value: unknown, schemas: RowSchemas, complain: Complain): Example | undefined {
  const fault = findJsonFault(value);
  if (fault)
    return void complain('row_invalid', `'${fault.path.join('.')}' ${fault.message}`, 'write plain JSON there');
  const { data, error } = Row.safeParse(value);
  if (error) return void complain('row_invalid', describe(error), `a line is ${FORM}`);
  const example = withoutUndefined(data);
  const where = unstorablePath(example as unknown as Json);
  const named = `example '${example.id}'`;
  if (where !== undefined)
    return void complain(
      'text_unstorable',
      `${named}: '${where}' has a NUL character`,
      'clean the text of NUL characters',
    );
  if (hasClaim(example as unknown as Json))
    return void complain('claim_forged', `${named}: there is a text under a key '$claim'`, 'give the key another name');
  const bytes = Buffer.byteLength(JSON.stringify(example));
  if (bytes > exampleBytes)
    return void complain(
      'example_too_large',
      `${named} is ${bytes} bytes of JSON, ${exampleBytes} are allowed`,
      'shorten it: long texts belong in an index',
    );
  const fits = [
    checkFit('input', example.input, schemas.input, named, complain),
    checkFit('expected', example.expected, schemas.expected, named, complain),
  ];
  return fits.every(Boolean) ? example : undefined;
}

export const FORM =
  '{"id", "input": {…}, "expected"?: {…}, "relevant"?: {passageId: grade}, "cluster"?, "tags"?: [], "run"?}';

/** Whether a part fits its schema, at most one complaint: what it lacks, or else a key that the pipeline would ignore. */
function checkFit(
  part: 'input' | 'expected',
  value: Json | undefined,
  schema: z.ZodObject | undefined,
  named: string,
  complain: Complain,
): boolean {
  if (schema === undefined || value === undefined) return true;
  const { error } = schema.safeParse(value);
  if (error) {
    complain(`${part}_unfit`, `${named}: ${describe(error, part)}`, `make each row's ${part} fit its schema`);
    return false;
  }
  try {
    checkKnownKeys(value, schema, `${named}: ${part}`);
    return true;
  } catch (mistake) {
    if (!(mistake instanceof SluiceError)) throw mistake;
    complain(`${part}_unfit`, mistake.message, mistake.remedy);
    return false;
  }
}

/** `input.question: ask something; tags.0: …` */
function describe({ issues }: z.ZodError, part?: string): string {
  return issues
    .map((issue) => {
      const at = z.core.toDotPath([...(part ? [part] : []), ...issue.path]);
      if (issue.code !== 'unrecognized_keys' || at !== '') return `${at || 'the row'}: ${issue.message}`;
      return issue.keys.map((key) => `there is no '${key}' (${suggest(key, KEYS, '')})`).join('; ');
    })
    .join('; ');
}

function withoutUndefined(row: z.output<typeof Row>): Example {
  return Object.freeze(
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)),
  ) as unknown as Example;
}

/** What a run was asked as an example of a dataset; what it answered is what is expected, where that is accepted. */
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
