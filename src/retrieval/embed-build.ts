/**
 * Embeds what a build holds, before it is committed. The model stays that of the snapshot before while the passages are
 * nearly the same, and new ones are folded in; once more than a tenth of them came or went, a model is made anew and
 * everything is embedded with it. A model that others serve was not fitted to anything, and stays. Interrupted anywhere
 * and given again, it goes on, and ends with the same: what was embedded is stored at once, and not paid for again.
 */
import type { ComingPassage, MissingVectors, PassageText, Vectors } from '../store/vectors.ts';
import { type EmbedCall, type Embedder, type EmbeddingModel, isModelOf, type Lessons } from './embedder.ts';

export interface BuildToEmbed {
  readonly index: string;
  readonly build: number;
}

/** A larger part of the passages than this may not have changed since a model was fitted to them. */
const MOST_CHANGED = 0.1;
/** Passages read, embedded and stored together, about: below a second of work. */
const PAGE = 250;

/**
 * @throws SluiceError `build_ended`; the signal's reason when it aborts
 */
export async function embedBuild(
  vectors: Vectors,
  embedder: Embedder,
  { index, build }: BuildToEmbed,
  call: EmbedCall = {},
): Promise<void> {
  const loadModel = await modelFor(vectors, embedder, { index, build }, call.signal);
  if (loadModel === undefined) return;
  const missing = await vectors.missing(index, build);
  if (missing.length > 0) {
    const model = await loadModel();
    const pages = model.served ? batchesOf(missing, model.served.batch) : pagesOf(missing);
    await inLanes(pages, model.served?.atOnce ?? 1, call.signal, async (numbers) => {
      const passages = await vectors.read(numbers);
      const made = await model.embedPassages(passages, call);
      await vectors.put(
        index,
        build,
        passages.map(({ no }, place) => ({ no, vector: made[place] })),
      );
    });
  }
  await vectors.prepare(index, build);
}

/** Whole documents, as many as make a page: what a passage means may depend on where it stands. */
function pagesOf(missing: readonly MissingVectors[]): readonly (readonly number[])[] {
  const pages: number[][] = [[]];
  for (const { passages } of missing) {
    if (pages.at(-1)!.length >= PAGE) pages.push([]);
    pages.at(-1)!.push(...passages);
  }
  return pages.filter((page) => page.length > 0);
}

/** What one call takes: a served model sees each passage by itself. */
function batchesOf(missing: readonly MissingVectors[], size: number): readonly (readonly number[])[] {
  const all = missing.flatMap(({ passages }) => passages);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** A few at a time. After a failure none is begun, and those under way, which are paid for, are still stored. */
async function inLanes(
  pages: readonly (readonly number[])[],
  atOnce: number,
  signal: AbortSignal | undefined,
  work: (page: readonly number[]) => Promise<void>,
): Promise<void> {
  const waiting = [...pages];
  const lane = async () => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
      signal?.throwIfAborted();
      await work(page).catch((error: unknown) => {
        waiting.length = 0;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, pages.length) }, lane));
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Undefined where there is nothing to embed. A model that was made before is loaded only when it is used: it is large. */
async function modelFor(
  vectors: Vectors,
  embedder: Embedder,
  { index, build }: BuildToEmbed,
  signal: AbortSignal | undefined,
): Promise<(() => Promise<EmbeddingModel>) | undefined> {
  const before = await vectors.modelOf(index, build);
  if (
    before !== undefined &&
    isModelOf(embedder, before.model) &&
    (embedder.isServed || before.changed <= MOST_CHANGED)
  ) {
    if (!before.isChosen) await vectors.keepModel(index, build);
    return async () => embedder.restore(before.model, await vectors.modelState(index, before.model));
  }
  const passages = await vectors.coming(index, build);
  if (passages.length === 0) return undefined;
  const { model, state } = await embedder.learn(lessonsOf(vectors, passages), signal);
  const { id, dimensions } = model;
  await vectors.takeModel(index, build, { model: id, dimensions, ...(state && { state }) });
  return async () => model;
}

function lessonsOf(vectors: Vectors, passages: readonly ComingPassage[]): Lessons {
  const numbers = new Map(passages.map(({ id, no }) => [id, no]));
  return {
    ids: [...numbers.keys()],
    async *read(ids): AsyncIterable<PassageText> {
      for (let start = 0; start < ids.length; start += PAGE)
        yield* await vectors.read(ids.slice(start, start + PAGE).map((id) => numbers.get(id)!));
    },
  };
}
