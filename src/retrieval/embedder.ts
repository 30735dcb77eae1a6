/**
 * What an embedding model must offer, whether it is fitted to an index here or served by somebody else: passages and
 * queries in, vectors of one length out. A model has an id, `provider/model` or `provider/model:fit`, and only vectors
 * of one id are ever compared.
 */
import type { ProviderCall } from '../model/provider-call.ts';
import type { PassageText } from '../store/vectors.ts';

/** Undefined where the model can say nothing of a text: such a text is like no other. */
export type Vector = Float32Array | undefined;

/** For whom something is embedded, as far as that is known: a served model is paid for each call. */
export type EmbedCall = Partial<ProviderCall>;

export interface EmbeddingModel {
  /** `local/lsa:5f0c…`; what the name alone says, where nothing was fitted. */
  readonly id: string;
  /** Length of its vectors. */
  readonly dimensions: number;
  /** How it wants its passages where others serve it; absent: whole documents, some 250 passages together. */
  readonly served?: { readonly batch: number; readonly atOnce: number };
  /**
   * In the order of the passages, which are those of whole documents unless the model is served.
   *
   * @throws the signal's reason when it aborts; of a served model, StepFailure as `TextEmbedder.embed`
   */
  embedPassages(passages: readonly PassageText[], call?: EmbedCall): Promise<readonly Vector[]>;
  /** In the order of the queries. */
  embedQueries(queries: readonly string[], call?: EmbedCall): Promise<readonly Vector[]>;
}

/** The passages that a model may learn from: all by id, any of them to be read. */
export interface Lessons {
  readonly ids: readonly string[];
  read(ids: readonly string[]): AsyncIterable<PassageText>;
}

export interface Learned {
  readonly model: EmbeddingModel;
  /** What `restore` will need; absent where the id says all. */
  readonly state?: Uint8Array;
}

export interface Embedder {
  /** What users call it: `local/lsa`. */
  readonly name: string;
  /** Others made the model, for no index in particular: however the passages change, it stays. */
  readonly isServed?: boolean;
  /** Makes the model for these passages. The same passages give the same model, however often it is interrupted. */
  learn(lessons: Lessons, signal?: AbortSignal): Promise<Learned>;
  /** A model made before. */
  restore(id: string, state: Uint8Array): EmbeddingModel;
}

/** The embedder of a model, or the one of that name. @throws SluiceError `embedding_model_unknown` */
export type EmbedderOf = (model: string) => Embedder;

/** Whether a model is one of this embedder's. */
export const isModelOf = ({ name }: Pick<Embedder, 'name'>, model: string): boolean =>
  model === name || model.startsWith(`${name}:`);

/** The cosine of two vectors of one model: from -1 to 1; 0 where one of them says nothing. */
export function cosine(one: Vector, other: Vector): number {
  if (!one || !other) return 0;
  let [product, squares, otherSquares] = [0, 0, 0];
  for (const [place, value] of one.entries()) {
    product += value * other[place]!;
    squares += value * value;
    otherSquares += other[place]! * other[place]!;
  }
  return product === 0 ? 0 : product / Math.sqrt(squares * otherSquares);
}

/**
 * Maximal marginal relevance (Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering
 * documents and producing summaries", SIGIR 1998): candidates are taken one by one, each time the one whose likeness to
 * the query, less its likeness to the nearest of those taken, is greatest.
 */
export interface Candidate {
  /** Likeness to the query, as a cosine. */
  readonly score: number;
  /** Without one, it is like none of the others. */
  readonly vector?: Float32Array;
}

/**
 * @param lambda from 0 to 1: how much likeness to the query counts, against difference from what is taken. With 1 the
 * order is that of the scores.
 * @returns at most `count` candidates, in the order taken; among equals the earlier one first
 */
export function diversify<T extends Candidate>(candidates: readonly T[], count: number, lambda: number): readonly T[] {
  const rest = candidates.map((candidate) => ({ candidate, nearest: 0 }));
  const taken: T[] = [];
  while (taken.length < count && rest.length > 0) {
    const values = rest.map(({ candidate, nearest }) => lambda * candidate.score - (1 - lambda) * nearest);
    const [{ candidate: best }] = rest.splice(values.indexOf(Math.max(...values)), 1) as [(typeof rest)[number]];
    for (const entry of rest) {
      const likeness = cosine(entry.candidate.vector, best.vector);
      entry.nearest = taken.length === 0 ? likeness : Math.max(entry.nearest, likeness);
    }
    taken.push(best);
  }
  return taken;
}
