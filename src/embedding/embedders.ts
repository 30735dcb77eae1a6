/** The embedders there are, by name. */
import { SluiceError } from '../errors.ts';
import { suggest } from '../nearest.ts';
import { type Embedder, isModelOf } from './embedder.ts';
import { localLsa } from './local-lsa.ts';

export const EMBEDDERS: readonly Embedder[] = Object.freeze([localLsa]);

/** The one whose model this is, or whose name. @throws SluiceError `embedding_model_unknown` */
export function embedderOf(model: string, embedders: readonly Embedder[] = EMBEDDERS): Embedder {
  const found = embedders.find((embedder) => isModelOf(embedder, model));
  if (found !== undefined) return found;
  const names = embedders.map(({ name }) => name);
  throw new SluiceError('embedding_model_unknown', {
    message: `there is no embedding model '${model}'`,
    remedy: suggest(model, names, `use ${names.join(' or ')}`),
    data: { model, known: names },
  });
}
