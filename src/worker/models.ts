/** The models that a process may call, held to its limits and recorded, with the embedders that they make possible. */

import type { Config } from '../config/config.ts';
import { createProviders } from '../models/create-providers.ts';
import { createMeter, createMetered } from '../models/metered.ts';
import type { Providers } from '../models/providers.ts';
import { createEmbedderOf } from '../models/served-embedders.ts';
import { createRedaction } from '../redaction/redaction.ts';
import type { EmbedderOf } from '../retrieval/embedder.ts';
import type { Store } from '../store/store.ts';

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
