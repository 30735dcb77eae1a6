/** The models that a process may call, held to its limits and recorded, with the embedders that they make possible. */
import { createProviders } from '../../activities/providers/create-providers.ts';
import { createMeter, createMetered } from '../../activities/providers/metered.ts';
import type { Providers } from '../../activities/providers/providers.ts';
import { createEmbedderOf } from '../../activities/providers/served-embedders.ts';
import type { EmbedderOf } from '../embedding/embedder.ts';
import type { Store } from '../store/store.ts';
import type { Config } from './config.ts';

export interface Models {
  readonly providers: Providers;
  readonly embedderOf: EmbedderOf;
}

export function createModels(store: Store, config: Config): Models {
  const providers = createMetered(createProviders(config.providers), createMeter(store, config));
  return Object.freeze({ providers, embedderOf: createEmbedderOf(providers) });
}
