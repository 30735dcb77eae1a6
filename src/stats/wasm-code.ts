/**
 * As much of WebAssembly's binary format as a few loops need, written instruction by instruction: for so little no compiler
 * is worth having. Numbers are 32-bit and whole, alone or four at once.
 */

export type Code = readonly number[];

/** Bytes of four numbers that one instruction takes together. */
export const FOUR = 16;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const tee = (local: number): Code => [0x22, ...unsigned(local)];
export const constant = (value: number): Code => [0x41, ...signed(value)];
/** Offsets are in bytes, from the address that is on the stack. */
export const load = (offset = 0): Code => [0x28, 2, ...unsigned(offset)];
export const store = (offset = 0): Code => [0x36, 2, ...unsigned(offset)];
export const loadByte = (offset: number): Code => [0x2d, 0, ...unsigned(offset)];
export const loadFour = (offset: number): Code => [0xfd, 0x00, 4, ...unsigned(offset)];
export const storeFour = (offset: number): Code => [0xfd, 0x0b, 4, ...unsigned(offset)];
export const noFour: Code = [0xfd, 0x0c, ...new Array<number>(FOUR).fill(0)];
export const addFours: Code = [0xfd, 0xae, 0x01];
export const subtractFours: Code = [0xfd, 0xb1, 0x01];
export const [ADD, SUBTRACT, MULTIPLY, IS_BELOW] = [0x6a, 0x6b, 0x6c, 0x49];
export const [OR, XOR] = [0x72, 0x73];
export const left = (code: Code, by: number): Code => [...code, ...constant(by), 0x74];
export const right = (code: Code, by: number): Code => [...code, ...constant(by), 0x76];
/** `local = local + what`. */
export const advance = (local: number, what: Code): Code => [...get(local), ...what, ADD, ...set(local)];
/** Goes round again while what the code leaves is not 0. */
export const loop = (...code: readonly Code[]): Code => [0x03, 0x40, ...code.flat(), 0x0d, 0, 0x0b];

export interface WasmFunction {
  readonly name: string;
  /** How many numbers it is given: locals 0, 1, ... */
  readonly takes: number;
  /** Further locals: numbers, then fours. */
  readonly numbers: number;
  readonly fours: number;
  readonly code: Code;
}

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What is used of it: without a browser's types the compiler does not know it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const api = (): WebAssemblyApi => (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
const PAGE = 65_536;

/** To be kept: with it, `instantiate` costs little. */
export function compile(functions: readonly WasmFunction[]): object {
  const types = functions.map(({ takes }) => [0x60, ...counted(new Array<number>(takes).fill(0x7f)), 0]);
  const bodies = functions.map(({ numbers, fours, code }) => counted([2, numbers, 0x7f, fours, 0x7b, ...code, 0x0b]));
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...text('host'), ...text('memory'), 0x02, 0, 1]]),
    ...section(
      3,
      functions.map((_, place) => [place]),
    ),
    ...section(
      7,
      functions.map(({ name }, place) => [...text(name), 0, place]),
    ),
    ...section(10, bodies),
  ];
  return new (api().Module)(Uint8Array.from(bytes));
}

/** With memory of its own, all of it 0. */
export function instantiate<Functions>(module: object, bytes: number): Functions & { readonly buffer: ArrayBuffer } {
  const memory = new (api().Memory)({ initial: Math.ceil(bytes / PAGE) });
  const { exports } = new (api().Instance)(module, { host: { memory } });
  return { ...(exports as Functions), buffer: memory.buffer };
}

const section = (id: number, parts: readonly Code[]): Code => [
  id,
  ...counted([...unsigned(parts.length), ...parts.flat()]),
];
const text = (word: string): Code => counted([...word].map((letter) => letter.charCodeAt(0)));
const counted = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];

/** LEB128: seven bits a byte, the lowest first. */
const unsigned = (value: number): Code => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);
/** Of numbers from 0 on: the highest bit of the last byte would be a sign. */
const signed = (value: number): Code => (value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]);
