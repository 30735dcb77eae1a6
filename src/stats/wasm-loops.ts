/**
 * The two inner loops of the sign-flip test as WebAssembly, written out instruction by instruction: four whole numbers are
 * added by one instruction, and no index is checked against the end of an array. No compiler is worth having for so little.
 */

/** Both take addresses in bytes. */
export interface Loops {
  /** Fills a table with the sums of a block's values under all patterns; bit i tells whether value i is negative. */
  readonly fill: (table: number, values: number) => void;
  /**
   * Adds to the sums of each draw what its two bytes of signs pick from two tables, which lie one behind the other;
   * `end` is where the sums end.
   */
  readonly add: (table: number, signs: number, sums: number, end: number) => void;
}

/** Numbers that are added at once. */
export const LANES = 4;
/** Values of a block, each with a sign in one byte; and the sums of its table. */
export const BLOCK = 8;
export const PATTERNS = 2 ** BLOCK;

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What is used of it: without a browser's types the compiler does not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const PAGE = 65_536;
const modules = new Map<number, object>();

/** @param vectors of `LANES` numbers that lie side by side: so many of them are summed at once */
export function makeLoops(vectors: number, bytes: number): Loops & { readonly memory: Memory } {
  const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
  const module = modules.get(vectors) ?? new api.Module(Uint8Array.from(moduleOf(vectors)));
  modules.set(vectors, module);
  const memory = new api.Memory({ initial: Math.ceil(bytes / PAGE) });
  return { ...(new api.Instance(module, { host: { memory } }).exports as Loops), memory };
}

type Code = readonly number[];

const INT = 0x7f;
const FOUR = 0x7b;
const SIZE = 4 * LANES;
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const tee = (local: number): Code => [0x22, ...unsigned(local)];
const constant = (value: number): Code => [0x41, ...signed(value)];
const loadByte = (offset: number): Code => [0x2d, 0, ...unsigned(offset)];
const load = (offset: number): Code => [0xfd, 0x00, 4, ...unsigned(offset)];
const store = (offset: number): Code => [0xfd, 0x0b, 4, ...unsigned(offset)];
const zeros: Code = [0xfd, 0x0c, ...new Array<number>(SIZE).fill(0)];
const addFours: Code = [0xfd, 0xae, 0x01];
const subtractFours: Code = [0xfd, 0xb1, 0x01];
const [ADD, MULTIPLY, IS_BELOW] = [0x6a, 0x6c, 0x49];
/** `local = local + what`. */
const advance = (local: number, what: Code): Code => [...get(local), ...what, ADD, ...set(local)];
/** Goes round again while what the code leaves is not 0. */
const loop = (...code: readonly Code[]): Code => [0x03, 0x40, ...code.flat(), 0x0d, 0, 0x0b];

const unrolled = (vectors: number, code: (offset: number, place: number) => Code): Code =>
  Array.from({ length: vectors }, (_, place) => code(SIZE * place, place)).flat();

function fillCode(vectors: number): Code {
  const row = SIZE * vectors;
  const [table, values, filled, at, end, sum, first] = [0, 1, 2, 3, 4, 5, 6];
  return [
    ...unrolled(vectors, (offset) => [...get(table), ...zeros, ...store(offset)]),
    ...[...constant(row), ...set(filled)],
    ...loop(
      unrolled(vectors, (offset, place) => [...get(values), ...load(offset), ...set(first + place)]),
      [...get(table), ...tee(at), ...get(filled), ADD, ...set(end)],
      loop(
        unrolled(vectors, (offset, place) => [
          ...[...get(at), ...get(filled), ADD],
          ...[...get(at), ...load(offset), ...tee(sum), ...get(first + place), ...subtractFours, ...store(offset)],
          ...[...get(at), ...get(sum), ...get(first + place), ...addFours, ...store(offset)],
        ]),
        advance(at, constant(row)),
        [...get(at), ...get(end), IS_BELOW],
      ),
      advance(values, constant(row)),
      advance(filled, get(filled)),
      [...get(filled), ...constant(PATTERNS * row), IS_BELOW],
    ),
  ];
}

function addCode(vectors: number): Code {
  const row = SIZE * vectors;
  const [table, signs, sums, end, first, second] = [0, 1, 2, 3, 4, 5];
  const pick = (byte: number, into: number): Code => [
    ...[...get(signs), ...loadByte(byte), ...constant(row), MULTIPLY, ...get(table), ADD, ...set(into)],
  ];
  return loop(
    pick(0, first),
    pick(1, second),
    unrolled(vectors, (offset) => [
      ...[...get(sums), ...get(sums), ...load(offset), ...get(first), ...load(offset), ...addFours],
      ...[...get(second), ...load(PATTERNS * row + offset), ...addFours, ...store(offset)],
    ]),
    advance(signs, constant(4)),
    advance(sums, constant(row)),
    [...get(sums), ...get(end), IS_BELOW],
  );
}

function moduleOf(vectors: number): Code {
  const section = (id: number, ...parts: readonly Code[]): Code => [id, ...counted([parts.length, ...parts.flat()])];
  const takes = (count: number): Code => [0x60, ...counted(new Array<number>(count).fill(INT)), 0];
  const body = (ints: number, fours: number, code: Code): Code =>
    counted([...(fours === 0 ? [1, ints, INT] : [2, ints, INT, fours, FOUR]), ...code, 0x0b]);
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, takes(2), takes(4)),
    ...section(2, [...name('host'), ...name('memory'), 0x02, 0, 1]),
    ...section(3, [0], [1]),
    ...section(7, [...name('fill'), 0, 0], [...name('add'), 0, 1]),
    ...section(10, body(3, 1 + vectors, fillCode(vectors)), body(2, 0, addCode(vectors))),
  ];
}

const name = (text: string): Code => counted([...text].map((letter) => letter.charCodeAt(0)));
const counted = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];

/** LEB128: seven bits a byte, the lowest first. */
const unsigned = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);
const signed = (value: number): Code => (value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]);
