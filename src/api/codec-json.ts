/** Payloads as JSON, as Temporal's UI and program send them to a codec: protobuf's own mapping, in which bytes are base64. */
import type { Payload } from '@temporalio/common';
import { z } from 'zod';

/** More than a page of a history holds. */
const MOST_PAYLOADS = 10_000;
const MOST_METADATA = 50;

/** Protobuf lets readers take either alphabet, with padding or without. */
const Bytes = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'it is not base64');
/** What else a payload has, such as where its bytes are stored, goes through as it came. */
const PayloadJson = z.looseObject({
  metadata: z
    .record(z.string().max(1_000), Bytes)
    .refine((metadata) => Object.keys(metadata).length <= MOST_METADATA, `${MOST_METADATA} entries are allowed`)
    .nullish(),
  data: Bytes.nullish(),
});
export type PayloadJson = z.infer<typeof PayloadJson>;

/** An empty message may leave out its empty list. */
export const PayloadsJson = z.looseObject({ payloads: z.array(PayloadJson).max(MOST_PAYLOADS).default([]) });

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

export function payloadFromJson({ metadata, data }: PayloadJson): Payload {
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, text]) => [name, bytesOf(text)])),
    data: bytesOf(data ?? ''),
  };
}

export function payloadToJson({ metadata, data }: Payload): PayloadJson {
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, textOf(bytes)])),
    data: textOf(data ?? new Uint8Array()),
  };
}
