/**
 * A dataset's definition: what each example's input and expectation must look like, and the file that holds them. The
 * file is read by `sluice dataset import`, never here: definitions do no I/O.
 */
import type { z } from 'zod';
import type { AnyPipeline } from './edit.ts';
import { checkKeys, checkName, refuse, show } from './refuse.ts';
import { checkFaithful, fieldsOf, mayBeAbsent } from './shape.ts';

declare const TYPES: unique symbol;

/** A dataset at run time, without its types. */
export interface AnyDataset {
  readonly name: string;
  readonly input: z.ZodObject;
  /** What `expected` of an example holds, where it has one. Undefined: anything. */
  readonly expected: z.ZodObject | undefined;
  /** Path of the JSONL or CSV file, from the folder of `pipelines/index.ts`. */
  readonly source: string;
}

/** A dataset with its types: what its examples ask, and what a scorer may expect of the output. */
export interface Dataset<out Input, out Expected> extends AnyDataset {
  /** Of the compiler only: nothing is there at run time. */
  readonly [TYPES]: { input: Input; expected: Expected };
}

/** Nothing is known of what is not declared, so a scorer that reads it does not fit. */
type ExpectedOf<Schema extends z.ZodObject> = [Schema] extends [never] ? unknown : z.output<Schema>;

const KEYS = ['input', 'expected', 'source'] as const;
const LONGEST_PATH = 1_000;

/**
 * Declares a dataset.
 *
 * @param name letters, digits, '-' and '_'; what it is imported as
 * @param dataset `input` is the schema of the pipeline it is for; `expected`, where given, what scorers read; `source` the
 *   file, from the folder of `pipelines/index.ts`
 * @throws DefinitionError naming the part that is wrong
 *
 * @example
 * export const questions = defineDataset('docs-questions', {
 *   input: Question,
 *   expected: z.object({ answerable: z.boolean(), answer: z.string().optional() }),
 *   source: 'datasets/docs-questions.jsonl',
 * });
 */
export function defineDataset<Input extends z.ZodObject, Expected extends z.ZodObject = never>(
  name: string,
  dataset: { readonly input: Input; readonly expected?: Expected; readonly source: string },
): Dataset<z.output<Input>, ExpectedOf<Expected>> {
  checkName(name, 'a dataset named');
  const at = `dataset '${name}'`;
  checkKeys(dataset, KEYS, at);
  const { input, expected, source } = dataset;
  checkFaithful(input, `${at}: input`);
  if (expected !== undefined) checkFaithful(expected, `${at}: expected`);
  checkSource(source, at);
  return Object.freeze({ name, input, expected, source }) as unknown as Dataset<z.output<Input>, ExpectedOf<Expected>>;
}

/** Refuses what is no dataset, before its parts are read. */
export function checkDataset(given: unknown, at: string): asserts given is AnyDataset {
  const isDataset = typeof given === 'object' && given !== null && 'source' in given && 'input' in given;
  if (!isDataset)
    refuse('not_a_dataset', `${at} is given ${show(given)} as its dataset`, 'give what defineDataset returned');
}

/** Refuses a dataset whose examples are no input of the pipeline. */
export function checkDatasetFits({ name, input }: AnyDataset, pipeline: AnyPipeline, at: string): void {
  for (const [key, field] of Object.entries(fieldsOf(pipeline.input) ?? {})) {
    const given = fieldsOf(input)?.[key];
    if (!mayBeAbsent(field) && (!given || mayBeAbsent(given)))
      refuse(
        'dataset_input',
        `${at}: the input of dataset '${name}' does not supply '${key}', which '${pipeline.id}' takes`,
        'use a dataset of the same input',
        { dataset: name, key },
      );
  }
}

function checkSource(source: unknown, at: string): void {
  const isFitting =
    typeof source === 'string' &&
    source.length <= LONGEST_PATH &&
    /\.(jsonl|ndjson|csv)$/i.test(source) &&
    !/^(\/|[A-Za-z]:)/.test(source);
  if (!isFitting)
    refuse(
      'dataset_source_invalid',
      `${at}: source is ${show(source)}`,
      "give a path from the folder of pipelines/index.ts to a .jsonl or .csv file, such as 'datasets/questions.jsonl'",
    );
}
