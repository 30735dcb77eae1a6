/** The models that a process may call, held to its limits and recorded, with the embedders that they make possible. */
import { createProviders } from '../../activities/providers/create-providers.ts';
import { createMeter, createMetered } from '../../activities/providers/metered.ts';
import type { Providers } from '../../activities/providers/providers.ts';
import { createEmbedderOf } from '../../activities/providers/served-embedders.ts';
import type { EmbedderOf } from '../embedding/embedder.ts';
import { createRedaction } from '../redaction/redaction.ts';
import type { Store } from '../store/store.ts';
import type { Config } from './config.ts';

export interface Models {
  readonly providers: Providers;
  readonly embedderOf: EmbedderOf;
}

export function createModels(store: Store, config: Config): Models {
  const { isOn, json: redact } = createRedaction(config.redaction);
  const meter = createMeter(store, { ...config, ...(isOn && { redact }) });
  const providers = createMetered(createProviders(config.providers), meter);
  return Object.freeze({ providers, embedderOf: createEmbedderOf(providers) });
}
