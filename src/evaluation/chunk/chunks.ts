/** How an evaluation is cut: ranges of examples, each with all variants, so that what they share is shared in one process. */
import { SluiceError } from '../../base/errors.ts';
import type { Example } from '../../model/dataset.ts';
import type { EvaluationSpec } from '../../model/evaluation-spec.ts';
import { shortId } from '../../plan/id.ts';
import type { Store } from '../../store/store.ts';

/** Small enough that progress shows and a killed worker costs little; large enough that 100,000 examples make no long history. */
const MOST_EXAMPLES = 10;
const CHUNKS_OF_A_SMALL_ONE = 100;

export interface Chunk {
  /** Place of its first example among those of the evaluation, which are in the order of their ids. */
  readonly from: number;
  readonly examples: number;
}

export function chunksOf({ dataset: { examples } }: Pick<EvaluationSpec, 'dataset'>): readonly Chunk[] {
  const size = Math.min(MOST_EXAMPLES, Math.ceil(examples / CHUNKS_OF_A_SMALL_ONE));
  return Array.from({ length: Math.ceil(examples / size) }, (_, n) => ({
    from: n * size,
    examples: Math.min(size, examples - n * size),
  }));
}

/** What there is of a chunk's examples. */
export async function examplesOf(
  { datasets }: Pick<Store, 'datasets'>,
  spec: Pick<EvaluationSpec, 'dataset'>,
  chunk: number,
): Promise<readonly Example[]> {
  const { dataset } = spec;
  const { from, examples } = chunksOf(spec)[chunk]!;
  return datasets.examples(dataset.version, {
    split: dataset.split ?? undefined,
    tag: dataset.tag ?? undefined,
    offset: from,
    limit: examples,
  });
}

/**
 * All of a chunk's examples.
 *
 * @throws SluiceError `dataset_incomplete` where some are not there any more: an evaluation of less would look as if it was whole
 */
export async function wholeChunk(
  store: Pick<Store, 'datasets'>,
  spec: Pick<EvaluationSpec, 'dataset'>,
  chunk: number,
): Promise<readonly Example[]> {
  const examples = await examplesOf(store, spec, chunk);
  if (examples.length === chunksOf(spec)[chunk]!.examples) return examples;
  throw incomplete(spec);
}

export function incomplete({ dataset: { name, version, examples } }: Pick<EvaluationSpec, 'dataset'>): SluiceError {
  return new SluiceError('dataset_incomplete', {
    message: `of version ${shortId(version)} of '${name}', the database has not all of the ${examples} examples to evaluate`,
    remedy: 'import them again, as the same examples are the same version; then go on: sluice eval resume',
    data: { dataset: name, version },
  });
}
