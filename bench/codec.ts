/**
 * What encrypting costs: CPU time per payload, there and back, beside turning the same value into JSON and back, which every
 * payload costs anyway; and how much longer payloads become.
 *
 * npm run bench:codec [-- --smoke]
 */
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { createSecret } from '../src/base/secret.ts';
import { createPayloadCodec } from '../src/temporal/encryption.ts';
import { ownCpuMs } from './support/cpu.ts';
import { type Figure, report } from './support/report.ts';
import { median } from './support/statistics.ts';

const isSmoke = process.argv.includes('--smoke');
const ROUNDS = isSmoke ? 3 : 11;
/** Bytes that one round goes through, so that a round is some hundredths of a second whatever the size. */
const ROUND_BYTES = isSmoke ? 2_000_000 : 20_000_000;
const MOST_PAYLOADS = isSmoke ? 500 : 5_000;
/** With what is asked of it, in microseconds of CPU time: a step takes milliseconds at least. */
const SIZES = [
  { name: '1 KB', bytes: 1_000, atMostUs: 100 },
  { name: '100 KB', bytes: 100_000, atMostUs: 1_000 },
  { name: '1.5 MB', bytes: 1_500_000, atMostUs: 20_000 },
] as const;

const codec = createPayloadCodec([{ id: 'bench', key: createSecret(randomBytes(32).toString('base64')) }]);
const sizeOf = ({ metadata, data }: Payload): number =>
  Object.entries(metadata!).reduce((sum, [name, bytes]) => sum + name.length + bytes.length, data!.length);

async function microseconds(count: number, work: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const startMs = ownCpuMs();
    for (let n = 0; n < count; n += 1) await work();
    rounds.push(((ownCpuMs() - startMs) * 1_000) / count);
  }
  return median(rounds.slice(1)); // the first is for the compiler
}

async function figuresOf({ name, bytes, atMostUs }: (typeof SIZES)[number]): Promise<readonly Figure[]> {
  const value = { text: 'x'.repeat(bytes) };
  const clear = defaultPayloadConverter.toPayload(value)!;
  const [hidden] = await codec.encode([clear]);
  const count = Math.min(MOST_PAYLOADS, Math.ceil(ROUND_BYTES / bytes));
  const json = await microseconds(count, () =>
    defaultPayloadConverter.fromPayload(defaultPayloadConverter.toPayload(value)!),
  );
  const encoding = await microseconds(count, () => codec.encode([clear]));
  const decoding = await microseconds(count, () => codec.decode([hidden!]));
  return [
    { what: `${name}: encrypted`, value: encoding, unit: 'µs', asked: { atMost: atMostUs } },
    { what: `${name}: decrypted`, value: decoding, unit: 'µs', asked: { atMost: atMostUs } },
    { what: `${name}: to JSON and back, for comparison`, value: json, unit: 'µs' },
    { what: `${name}: longer by`, value: sizeOf(hidden!) - sizeOf(clear), unit: 'bytes', asked: { atMost: 256 } },
  ];
}

const figures: Figure[] = [];
for (const size of SIZES) figures.push(...(await figuresOf(size)));
if (!report('Encryption of payloads, CPU time', figures)) process.exitCode = 1;
