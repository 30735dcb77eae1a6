/**
 * What any implementation of the assignment must find: the law once more, in the plainest way (bytes, and integers of
 * any size), for units and experiments chosen to be awkward. `node test/conformance/assign-vectors.ts` writes them to
 * `assign.json`; when they change, so does ASSIGN_VERSION.
 */
import { writeFile } from 'node:fs/promises';
import { ASSIGN_VERSION, type Assignable } from '../../src/model/assign.ts';
import { randomFrom } from '../../src/stats/random.ts';

export interface AssignVector extends Assignable {
  readonly unit: string;
  readonly shareHash: number;
  readonly armHash: number;
  /** Null: outside the share. */
  readonly arm: string | null;
}

export interface AssignVectors {
  readonly version: number;
  readonly vectors: readonly AssignVector[];
}

const WORD = 0xffffffffn;
const rotated = (word: bigint, by: bigint) => ((word << by) | (word >> (32n - by))) & WORD;
const times = (word: bigint, factor: bigint) => (word * factor) & WORD;
const scrambled = (block: bigint) => times(rotated(times(block, 0xcc9e2d51n), 15n), 0x1b873593n);

/** MurmurHash3 x86 32-bit as it is defined, seed 0. */
export function plainMurmur3(bytes: Uint8Array): number {
  const blockAt = (at: number, size: number) =>
    bytes.subarray(at, at + size).reduceRight((block, byte) => (block << 8n) | BigInt(byte), 0n);
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0n;
  for (let at = 0; at < whole; at += 4)
    hash = (rotated(hash ^ scrambled(blockAt(at, 4)), 13n) * 5n + 0xe6546b64n) & WORD;
  hash ^= scrambled(blockAt(whole, bytes.length - whole)) ^ BigInt(bytes.length);
  hash = times(hash ^ (hash >> 16n), 0x85ebca6bn);
  hash = times(hash ^ (hash >> 13n), 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n));
}

export function plainAssign(experiment: Assignable, unit: string): AssignVector {
  const { shareSalt, range, armSalt, arms } = experiment;
  const hashOf = (text: string) => plainMurmur3(new TextEncoder().encode(text));
  const shareHash = hashOf(`${shareSalt}.share:${unit}`);
  const armHash = hashOf(`${armSalt}.arm:${unit}`);
  const isInShare = shareHash >= Math.round(range[0] * 2 ** 32) && shareHash < Math.round(range[1] * 2 ** 32);
  const served = arms.filter(({ weight }) => weight > 0);
  const endOf = (index: number) => served.slice(0, index + 1).reduce((sum, { weight }) => sum + weight, 0);
  const found = served.find((_, index) => armHash < Math.round(endOf(index) * 2 ** 32)) ?? served.at(-1)!;
  return { unit, shareSalt, range, armSalt, arms, shareHash, armHash, arm: isInShare ? found.name : null };
}

const armsOf = (...weights: readonly number[]) => weights.map((weight, index) => ({ name: `arm-${index}`, weight }));
const THIRD = 1 / 3;

/** In layers and alone; whole, part and empty shares; few arms and many, some that get nobody. */
const EXPERIMENTS: readonly Assignable[] = [
  { shareSalt: 'plain', range: [0, 1], armSalt: 'plain', arms: armsOf(0.5, 0.5) },
  { shareSalt: 'small-arm', range: [0, 0.8], armSalt: 'small-arm', arms: armsOf(0.9, 0.1) },
  { shareSalt: 'layer.answer', range: [0, THIRD], armSalt: 'thirds', arms: armsOf(THIRD, THIRD, THIRD) },
  { shareSalt: 'layer.answer', range: [THIRD, 1], armSalt: 'decimals', arms: armsOf(0.33, 0.33, 0.34) },
  { shareSalt: 'closed', range: [0, 1], armSalt: 'closed', arms: armsOf(0, 0.5, 0, 0.5, 0) },
  { shareSalt: 'tenths', range: [0.1, 0.9], armSalt: 'tenths', arms: armsOf(...Array<number>(10).fill(0.1)) },
  { shareSalt: 'größe', range: [0, 1], armSalt: 'größe-漢😀', arms: armsOf(0.01, 0.99) },
  { shareSalt: 'alone', range: [0, 1], armSalt: 'alone', arms: armsOf(1) },
  { shareSalt: 'nobody', range: [0.5, 0.5], armSalt: 'nobody', arms: armsOf(0.5, 0.5) },
];

/** Digits, control characters, characters of one to four bytes, and forms that look alike but are not. */
const CHARACTERS = [
  ...'0aZ~ \n\t\u0001\u007f\u0080é߿ࠀ漢\u200d\ufeff\ufffd\uffff𐀀😀\u{10ffff}',
  'e\u0301',
  "'",
  '"',
  '\\',
];

function units(): readonly string[] {
  const random = randomFrom(7);
  const drawn = Array.from({ length: 60 }, (_, index) =>
    Array.from({ length: 1 + (index % 20) }, () => CHARACTERS[random.index(CHARACTERS.length)]!).join(''),
  );
  const longest = ['a'.repeat(1_000), 'é'.repeat(500), '漢'.repeat(333), '😀'.repeat(250)];
  const usual = ['1', '0001', 'user-42', '018f3c1e-7b1c-7c4e-9a53-2f0f6a1b9c3d', 'name+tag@example.org', 'null', ' '];
  return [...CHARACTERS, ...usual, ...longest, ...drawn];
}

/** Shares and arms that begin or end exactly where the unit is, or just beside it. */
function atTheEdge(unit: string): readonly AssignVector[] {
  const plain = { shareSalt: 'edge', range: [0, 1], armSalt: 'edge', arms: armsOf(0.5, 0.5) } as const;
  const { shareHash, armHash } = plainAssign(plain, unit);
  const share = (bucket: number) => (shareHash + bucket) / 2 ** 32;
  const arm = (bucket: number) => (armHash + bucket) / 2 ** 32;
  const ranges = [
    [share(0), share(1)],
    [0, share(0)],
    [share(1), 1],
  ] as const;
  const splits = [armsOf(arm(0), 1 - arm(0)), armsOf(arm(1), 1 - arm(1))];
  return [
    ...ranges.map((range) => plainAssign({ ...plain, range }, unit)),
    ...splits.map((arms) => plainAssign({ ...plain, arms }, unit)),
  ];
}

/** Each unit with three of the experiments, in turn; and some at edges of their own. */
export function makeVectors(): AssignVectors {
  const vectors = units().flatMap((unit, index) =>
    [0, 1, 2].map((turn) => plainAssign(EXPERIMENTS[(index + 4 * turn) % EXPERIMENTS.length]!, unit)),
  );
  const edges = ['1', 'user-42', 'jörg', '漢😀'].flatMap(atTheEdge);
  return { version: ASSIGN_VERSION, vectors: [...vectors, ...edges] };
}

if (import.meta.main) {
  const { version, vectors } = makeVectors();
  const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
  const text = `{\n  "version": ${version},\n  "vectors": [\n${lines.join(',\n')}\n  ]\n}\n`;
  await writeFile(new URL('assign.json', import.meta.url), text);
}
