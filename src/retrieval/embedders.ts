/**
 * The embedders that run here, by name. Those that others serve are joined to them where providers are known
 * (`src/models/served-embedders.ts`): nothing here may load a provider's library.
 */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { type Embedder, type EmbedderOf, isModelOf } from './embedder.ts';
import { localLsa } from './local-lsa.ts';

/** What a served model is called, for those who name none that there is. */
const SERVED_EXAMPLE = 'openai/text-embedding-3-small';

export function embedderAmong(embedders: readonly Embedder[]): EmbedderOf {
  return (model) => {
    const found = embedders.find((embedder) => isModelOf(embedder, model));
    if (found !== undefined) return found;
    const names = embedders.map(({ name }) => name);
    throw new SluiceError('embedding_model_unknown', {
      message: `there is no embedding model '${model}'`,
      remedy: suggest(model, names, `use ${[...names, SERVED_EXAMPLE].join(' or ')}`),
      data: { model, known: names },
    });
  };
}

export const localEmbedderOf: EmbedderOf = embedderAmong([localLsa]);
