/** How a served provider is reached: what every call of its adapters needs to know. */

import type { Secret } from '../base/secret.ts';
import type { Config } from '../config/config.ts';

export type ProviderSettings = Config['providers'];
export type ServedName = keyof ProviderSettings;

/** The variable that has the key. */
export const KEY_VARIABLES: { readonly [provider in ServedName]: string } = Object.freeze({
  openai: 'OPENAI_API_KEY',
  cohere: 'CO_API_KEY',
});

/** One model at one provider, with what its failures need to be told. */
export interface Served {
  readonly provider: ServedName;
  readonly model: string;
  readonly key: Secret;
  readonly baseUrl: string | undefined;
}

export const servedName = ({ provider, model }: Served): string => `${provider}/${model}`;
