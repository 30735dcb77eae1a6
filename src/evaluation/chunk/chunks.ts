/** How an evaluation is cut: ranges of examples, each with all variants, so that what they share is shared in one process. */
import type { Store } from '../../store/store.ts';
import type { Example } from '../dataset.ts';
import type { EvaluationSpec } from '../spec.ts';

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
