/** Adds items that reviewers agree on, or that were adjudicated, to a dataset. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { type Contents, readContents } from '../evaluation/calibration/sample.ts';
import { type RowSchemas, readRow } from '../evaluation/dataset-row.ts';
import type { Example } from '../model/dataset.ts';
import { describeField, readValue } from '../model/review-queue.ts';
import type { Json } from '../plan/plan.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { QueueRow, ReviewedItem } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';
import { comparable, consensusOf, labelledFields, stateOf } from './state.ts';

export interface ToDataset {
  readonly queue: string;
  readonly dataset: string;
  /** Only items of which this holds in this field; default: all that are agreed or settled. */
  readonly field?: string | undefined;
  readonly is?: unknown;
  /** What was reviewed is what is expected; of a pair the better one. Default: what the example expects. */
  readonly accept?: boolean | undefined;
  readonly begin?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface AddedExamples {
  readonly dataset: string;
  readonly version: string;
  /** How many the dataset has now. */
  readonly examples: number;
  readonly created: boolean;
  /** Ids; those that were in it before stay as they are there. */
  readonly added: readonly string[];
}

export interface Adding {
  readonly store: Pick<Store, 'reviews' | 'evaluations' | 'datasets'>;
  readonly redaction: Redaction;
  /** Of the dataset; absent: nothing is checked but the form. */
  readonly schemas: RowSchemas | undefined;
}

/** The tag by which they are known. */
const REVIEWED = 'reviewed';

/**
 * One example per example of the evaluation, under its id: of several answers to it, the first that fits.
 *
 * @throws SluiceError `review_unknown`, `accept_invalid`, `field_unknown`, `value_unfit`, `review_empty`, those of `readRow` and of
 *   `Datasets.addAll`
 */
export async function addToDataset(adding: Adding, given: ToDataset, who: string): Promise<AddedExamples> {
  const { store } = adding;
  const queue = await store.reviews.get(given.queue);
  checkAccepted(queue, given);
  const fits = fitting(queue, given);
  const items = (await store.reviews.items(queue.name)).filter((item) => fits(item));
  const evaluation = await store.evaluations.get(queue.evaluationId);
  const contents = await readContents(store, evaluation, items);
  const examples = new Map<string, Example>();
  for (const item of items) {
    const example = exampleOf(adding, { queue, item, contents }, given);
    if (example !== undefined && !examples.has(example.id)) examples.set(example.id, example);
  }
  if (examples.size === 0) throw noneFits(queue, given);
  const { version, created, added } = await store.datasets.addAll(
    given.dataset,
    [...examples.values()],
    `review ${queue.name}`,
    { mayBegin: given.begin ?? false, by: who },
  );
  return addedTo(version, created, added);
}

const addedTo = (
  { dataset, version, examples }: DatasetVersion,
  created: boolean,
  added: readonly string[],
): AddedExamples => Object.freeze({ dataset, version, examples, created, added });

/** That people agree on an answer does not say that it is a good one. */
function checkAccepted({ name, kind, fields }: QueueRow, { accept, field }: ToDataset): void {
  if (!accept || kind === 'pair' || field !== undefined) return;
  throw new SluiceError('accept_invalid', {
    message: `which answers of '${name}' are good enough to be expected is not said`,
    remedy: `name the field and what it is to be: ${fields.map((each) => `${each.name} (${describeField(each)})`).join('; ')}`,
    data: { name },
  });
}

function fitting(queue: QueueRow, { field: name, is }: ToDataset): (item: ReviewedItem) => boolean {
  if (name === undefined && is === undefined) return (item) => ['agreed', 'settled'].includes(stateOf(queue, item));
  const fields = labelledFields(queue);
  const field = fields.find((each) => each.name === name);
  if (field === undefined) {
    const names = fields.map((each) => each.name);
    throw new SluiceError('field_unknown', {
      message: name === undefined ? 'nothing says which field is to be so' : `'${queue.name}' has no field '${name}'`,
      remedy: suggest(name ?? '', names, `its fields are: ${names.join(', ')}`),
      data: { field: name ?? null },
    });
  }
  const wanted = is === undefined ? undefined : readValue(field, is);
  if (wanted === undefined)
    throw new SluiceError('value_unfit', {
      message: `${field.name} cannot be ${is === undefined ? 'nothing' : JSON.stringify(is).slice(0, 60)}`,
      remedy: `say what it is to be: ${describeField(field)}`,
      data: { field: field.name },
    });
  return (item) => isJudged(queue, item) && consensusOf(item, field.name) === comparable(wanted);
}

/** Closed by enough reviews or by a decision, not because others cannot judge it. */
const isJudged = ({ reviewers }: QueueRow, { decision, reviews }: ReviewedItem): boolean =>
  decision !== null || reviews.length >= reviewers;

interface Reviewed {
  readonly queue: QueueRow;
  readonly item: ReviewedItem;
  readonly contents: Contents;
}

/** Undefined where the evaluation's example is gone, or nothing is to be accepted: of two answers neither is better. */
function exampleOf(
  { redaction, schemas }: Adding,
  { queue, item, contents }: Reviewed,
  { accept = false, tags = [] }: ToDataset,
): Example | undefined {
  const example = contents.example(item);
  const accepted = accept ? acceptedOf({ queue, item, contents }) : undefined;
  if (example === undefined || (accept && accepted === undefined)) return undefined;
  const { expected: _replaced, ...asked } = example;
  const expected = accept ? redaction.json(accepted!) : example.expected;
  const row = {
    ...asked,
    input: redaction.json(example.input),
    ...(expected !== undefined && { expected }),
    // Keeps its own tags: an example of the final split stays one in every dataset.
    tags: [...new Set([...(example.tags ?? []), ...tags, REVIEWED])],
  };
  const problems: SluiceError[] = [];
  const read = readRow(row, schemas ?? {}, (code, message, remedy) => {
    problems.push(new SluiceError(code, { message, remedy, data: { place: item.place } }));
  });
  if (read === undefined) throw problems[0]!;
  return read;
}

/** The answer that was reviewed, or of two the better one. */
function acceptedOf({ queue, item, contents }: Reviewed): Json | undefined {
  if (queue.kind === 'fields') return contents.row(item)?.output;
  const win = consensusOf(item, 'win');
  if (win !== 0 && win !== 1) return undefined;
  return contents.row(win === 1 ? item : { ...item, variant: 0 })?.output;
}

function noneFits({ name }: QueueRow, { field, is }: ToDataset): SluiceError {
  return new SluiceError('review_empty', {
    message:
      field === undefined
        ? `no item of '${name}' is agreed or settled`
        : `of no item of '${name}' most reviewers say that ${field} is ${JSON.stringify(is)}`,
    remedy: `see how its items stand: sluice review show ${name}`,
    data: { name },
  });
}
