/**
 * Encryption of what Temporal stores: inputs, outputs, memos, summaries, details, and the texts of failures. The server,
 * its database and its backups see key ids and sizes. Off unless `SLUICE_ENCRYPTION_KEYS` is set.
 *
 * A payload is encrypted whole, its own metadata included, by AES-256-GCM: `nonce (12 bytes) | ciphertext | tag (16)`. The
 * format's version and the key's id are authenticated with it; to which execution it belongs is not, since Temporal's UI and
 * program ask for payloads to be decoded without saying whose they are. All of it adds at most 256 bytes: what is measured
 * as JSON, and allowed up to 1.5 MB, stays as far below Temporal's 2 MB as before.
 */

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { type DataConverter, defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import protocol from '@temporalio/proto';
import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { EncryptionKeys } from '../config/encryption-keys.ts';

const { Payload: ProtoPayload } = protocol.temporal.api.common.v1;

/** As Temporal's own samples name them, so that its tools know what they see. */
const ENCODING = 'encoding';
const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const FORMAT = 'encryption-format';
const FORMAT_VERSION = '1';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with the first key, decrypts with whichever the payload names, and passes over what is not encrypted: histories
 * from before encryption was switched on stay readable.
 *
 * Nonces are random: one key is good for 2^32 payloads (NIST SP 800-38D, 8.3), which is 136 a second for a year. Put a new
 * one in front before that, and leave the old one as long as anything encrypted with it is kept.
 *
 * Decoding throws a SluiceError, never retryable: `payload_key_missing` names the key that is not among `keys`;
 * `payload_damaged` is for what was altered, or was encrypted with another key of that id; `payload_format_unknown` for what
 * something else encrypted.
 */
export function createPayloadCodec(keys: EncryptionKeys): PayloadCodec {
  const ring = new Map(keys.map(({ id, key }) => [id, createSecretKey(Buffer.from(key.reveal(), 'base64'))]));
  const newest = keys[0].id;
  return Object.freeze({
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, newest, ring.get(newest)!)),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, ring) : payload)),
  } satisfies PayloadCodec);
}

const isEncrypted = (payload: Payload): boolean => textOf(payload, ENCODING) === ENCRYPTED;

function encrypt(payload: Payload, id: string, key: KeyObject): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(FORMAT_VERSION, id));
  const whole = ProtoPayload.encode(payload).finish();
  return {
    metadata: {
      [ENCODING]: Buffer.from(ENCRYPTED),
      [KEY_ID]: Buffer.from(id),
      [FORMAT]: Buffer.from(FORMAT_VERSION),
    },
    data: Buffer.concat([nonce, cipher.update(whole), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, ring: ReadonlyMap<string, KeyObject>): Payload {
  const [id, format] = [textOf(payload, KEY_ID), textOf(payload, FORMAT)];
  if (format !== FORMAT_VERSION) throw formatUnknown(format);
  const key = ring.get(id);
  if (key === undefined) throw keyMissing(id, [...ring.keys()]);
  const data = payload.data ?? new Uint8Array();
  if (data.length < NONCE_BYTES + TAG_BYTES) throw damaged(id);
  const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated(format, id));
  decipher.setAuthTag(data.subarray(-TAG_BYTES));
  try {
    const body = decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES));
    const { metadata, data: inner } = ProtoPayload.decode(Buffer.concat([body, decipher.final()]));
    return { metadata, data: inner };
  } catch (cause) {
    throw damaged(id, cause);
  }
}

const authenticated = (format: string, id: string): Buffer => Buffer.from(`sluice-payload\0${format}\0${id}`);

/** Metadata is somebody else's bytes: what is shown of it is cut. */
function textOf({ metadata }: Payload, name: string): string {
  const bytes = metadata?.[name];
  return bytes ? Buffer.from(bytes).toString('utf8').slice(0, 100) : '';
}

function keyMissing(keyId: string, known: readonly string[]): SluiceError {
  return new SluiceError('payload_key_missing', {
    message: `a payload is encrypted with key '${keyId}', which is not among SLUICE_ENCRYPTION_KEYS (${known.join(', ')})`,
    remedy: `add that key after the others in every process that reads payloads; executions that wait for it then go on`,
    data: { keyId, known },
  });
}

function damaged(keyId: string, cause?: unknown): SluiceError {
  return new SluiceError('payload_damaged', {
    message: `a payload that names key '${keyId}' cannot be decrypted with it: it was altered, or that id had other bytes`,
    remedy: `if the bytes of '${keyId}' were changed, give the new ones an id of their own and bring the old ones back`,
    data: { keyId },
    cause,
  });
}

function formatUnknown(format: string): SluiceError {
  return new SluiceError('payload_format_unknown', {
    message: `a payload is encrypted in format '${format}', this version knows '${FORMAT_VERSION}'`,
    remedy: 'a newer version, or another program, has encrypted it: read it with that one',
    data: { format },
  });
}

// How values become what Temporal stores, and back, outside of workflows: the same for clients and workers, so that none of
// them writes in the clear what the others encrypt.

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
