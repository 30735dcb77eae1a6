import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import type { EncryptionKey } from '../../src/config/encryption-keys.ts';
import { createPayloadCodec } from '../../src/temporal/encryption.ts';

const keyNamed = (id: string, bytes = randomBytes(32)): EncryptionKey => ({
  id,
  key: createSecret(bytes.toString('base64')),
});
const OLD = keyNamed('2025');
const NEW = keyNamed('2026');
const codec = createPayloadCodec([OLD]);

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value)!;
const readOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const encoded = async (value: unknown, by = codec): Promise<Payload> => (await by.encode([payloadOf(value)]))[0]!;
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

/** The payload with one byte of its data turned. */
function turned(payload: Payload, at: number): Payload {
  const data = Buffer.from(payload.data!);
  data[at < 0 ? data.length + at : at]! ^= 1;
  return { ...payload, data };
}

describe('a payload', () => {
  test.each([
    ['text', 'Grüße 👋'],
    ['an object', { question: 'How?', deep: [1, null, { a: true }] }],
    ['nothing', undefined],
    ['bytes', new Uint8Array([0, 1, 255])],
    ['an empty text', ''],
    ['a long text', 'x'.repeat(1_500_000)],
  ])('comes back as it was: %s', async (_, value) => {
    const [payload] = await codec.decode([await encoded(value)]);
    expect(readOf(payload!)).toEqual(value);
  });

  test('shows neither what it holds nor of what kind it is, but by whose key', async () => {
    const { metadata, data } = await encoded('planted secret');
    expect(Object.fromEntries(Object.entries(metadata!).map(([name, bytes]) => [name, text(bytes)]))).toEqual({
      encoding: 'binary/encrypted',
      'encryption-key-id': '2025',
      'encryption-format': '1',
    });
    expect(text(data)).not.toContain('planted');
    expect(text(data)).not.toContain('json/plain');
  });

  test('is another each time, and its nonce too', async () => {
    const all = await Promise.all(Array.from({ length: 1_000 }, () => encoded('the same')));
    expect(new Set(all.map(({ data }) => text(data!.subarray(0, 12)))).size).toBe(1_000);
  });

  test('grows by little, however long the key id is', async () => {
    const longest = createPayloadCodec([keyNamed('k'.repeat(32))]);
    for (const value of ['', 'x'.repeat(1_500_000)]) {
      const grown = await encoded(value, longest);
      const metadata = Object.entries(grown.metadata!).reduce(
        (sum, [name, { length }]) => sum + name.length + length,
        0,
      );
      expect(metadata + grown.data!.length - payloadOf(value).data!.length).toBeLessThan(256);
    }
  });

  test('that is not encrypted is passed over, among those that are', async () => {
    const clear = payloadOf('from before');
    const [one, other] = await codec.decode([clear, await encoded('since')]);
    expect(one).toBe(clear);
    expect(readOf(other!)).toBe('since');
    expect(await codec.decode([])).toEqual([]);
  });
});

describe('what was altered is refused', () => {
  test.each([
    ['the first byte of the nonce', 0],
    ['the last byte of the nonce', 11],
    ['the first byte of what is encrypted', 12],
    ['the last byte of what is encrypted', -17],
    ['the first byte of the tag', -16],
    ['the last byte of the tag', -1],
  ])('%s', async (_, at) => {
    const payload = turned(await encoded('{"price": 5}'), at);
    await expect(codec.decode([payload])).rejects.toMatchObject({ code: 'payload_damaged', retryable: false });
  });

  test.each([0, 11, 12, 27, 40])('all but the first %i bytes', async (length) => {
    const payload = await encoded('{"price": 5}');
    const cut = { ...payload, data: payload.data!.subarray(0, length) };
    await expect(codec.decode([cut])).rejects.toMatchObject({ code: 'payload_damaged' });
  });

  test('the key id, also where it names a key of the same bytes', async () => {
    const bytes = randomBytes(32);
    const ring = createPayloadCodec([keyNamed('one', bytes), keyNamed('two', bytes), OLD]);
    const payload = await encoded('x', ring);
    for (const id of ['two', OLD.id]) {
      const renamed = { ...payload, metadata: { ...payload.metadata, 'encryption-key-id': Buffer.from(id) } };
      await expect(ring.decode([renamed])).rejects.toMatchObject({ code: 'payload_damaged', data: { keyId: id } });
    }
  });

  test('the format', async () => {
    const payload = await encoded('x');
    const other = { ...payload, metadata: { ...payload.metadata, 'encryption-format': Buffer.from('2') } };
    await expect(codec.decode([other])).rejects.toMatchObject({ code: 'payload_format_unknown', retryable: false });
    const { 'encryption-format': _, ...without } = payload.metadata!;
    await expect(codec.decode([{ ...payload, metadata: without }])).rejects.toMatchObject({
      code: 'payload_format_unknown',
    });
  });
});

describe('after a rotation', () => {
  const rotated = createPayloadCodec([NEW, OLD]);

  test('the new key encrypts, and both decrypt', async () => {
    const [before, after] = [await encoded('before'), await encoded('after', rotated)];
    expect(text(after.metadata!['encryption-key-id'])).toBe('2026');
    expect((await rotated.decode([before, after])).map(readOf)).toEqual(['before', 'after']);
  });

  test('a key that was removed is named, and nothing of any key is', async () => {
    const refusal = await createPayloadCodec([NEW])
      .decode([await encoded('before')])
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'payload_key_missing',
      retryable: false,
      message: expect.stringContaining("'2025'"),
      data: { keyId: '2025', known: ['2026'] },
    });
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain(NEW.key.reveal());
  });

  test('other bytes under the same id are told from a missing key', async () => {
    const swapped = createPayloadCodec([keyNamed('2025')]);
    await expect(swapped.decode([await encoded('x')])).rejects.toMatchObject({
      code: 'payload_damaged',
      remedy: expect.stringContaining("'2025'"),
    });
  });
});
