/**
 * How values become what Temporal stores, and back, outside of workflows: the same for clients and workers, so that none of
 * them writes in the clear what the others encrypt.
 */
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { type DataConverter, defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { Config } from '../config/config.ts';
import { createPayloadCodec } from './encryption.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const failureConverterPath = fileURLToPath(new URL(`./encoded-failures.${extension}`, import.meta.url));

/** Empty where nothing is encrypted: then Temporal's own converter holds. */
export function dataConverterOf({ encryption }: Pick<Config, 'encryption'>): DataConverter {
  return encryption === undefined ? {} : { payloadCodecs: [createPayloadCodec(encryption)], failureConverterPath };
}

/** Reads what was not read by the SDK, such as a payload of a raw history, as this client would. */
export async function readPayload<T>(client: Pick<Client, 'options'>, payload: Payload): Promise<T> {
  let decoded = [payload];
  for (const codec of client.options.loadedDataConverter.payloadCodecs.toReversed())
    decoded = await codec.decode(decoded);
  return defaultPayloadConverter.fromPayload<T>(decoded[0]!);
}
