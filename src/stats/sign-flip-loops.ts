/** The inner loops of the sign-flip test, where all its time goes. All addresses and distances are in bytes. */
import {
  ADD,
  addFours,
  advance,
  type Code,
  compile,
  constant,
  FOUR,
  get,
  IS_BELOW,
  instantiate,
  left,
  load,
  loadByte,
  loadFour,
  loop,
  MULTIPLY,
  noFour,
  OR,
  right,
  SUBTRACT,
  set,
  store,
  storeFour,
  subtractFours,
  tee,
  XOR,
} from './wasm-code.ts';

export interface Loops {
  /**
   * Draws signs as `randomFrom` does, draw by draw: of a draw as many words as it has, which lie `stride` apart; the next
   * draw's beside them, up to `end`. The generator's state is read from `state` and written back.
   */
  readonly draw: (state: number, signs: number, stride: number, words: number, end: number) => void;
  /** Fills a table with the sums of a block's values under all patterns; bit i tells whether value i is negative. */
  readonly fill: (table: number, values: number) => void;
  /** Adds to each draw's sums what its two bytes of signs pick from two tables, one behind the other; to `end` of the sums. */
  readonly add: (table: number, signs: number, sums: number, end: number) => void;
}

/** Values of a block, each with a sign in one byte; and the sums of its table. */
export const BLOCK = 8;
export const PATTERNS = 2 ** BLOCK;

const modules = new Map<number, object>();

/** @param fours that lie side by side: so many times four sums are made at once */
export function openLoops(fours: number, bytes: number): Loops & { readonly buffer: ArrayBuffer } {
  const functions = () => [
    { name: 'draw', takes: 5, numbers: 9, fours: 0, code: drawCode() },
    { name: 'fill', takes: 2, numbers: 3, fours: 1 + fours, code: fillCode(fours) },
    { name: 'add', takes: 4, numbers: 2, fours: 0, code: addCode(fours) },
  ];
  const module = modules.get(fours) ?? compile(functions());
  modules.set(fours, module);
  return instantiate<Loops>(module, bytes);
}

/** xoroshiro128+, its two 64-bit halves as two words each; see `randomFrom`. */
function drawCode(): Code {
  const [state, signs, stride, words, end, at, toGo, low0, high0, low1, high1, a, b, was] = Array.from(
    { length: 14 },
    (_, local) => local,
  ) as [number, number, number, number, number, number, number, number, number, number, number, number, number, number];
  // In the order in which the generator tells its state.
  const halves = [high0, low0, high1, low1];
  const xor = (...parts: readonly Code[]): Code => [...parts[0]!, ...parts.slice(1).flatMap((part) => [...part, XOR])];
  return [
    ...halves.flatMap((half, place) => [...get(state), ...load(4 * place), ...set(half)]),
    ...loop(
      [...get(signs), ...set(at), ...get(words), ...set(toGo)],
      loop(
        [...get(at), ...get(low0), ...get(low1), ADD, ...store()],
        [...xor(get(low1), get(low0)), ...set(a), ...xor(get(high1), get(high0)), ...set(b), ...get(low0), ...set(was)],
        [...xor(left(get(low0), 24), right(get(high0), 8), get(a), left(get(a), 16)), ...set(low0)],
        xor(left(get(high0), 24), right(get(was), 8), get(b), [...left(get(b), 16), ...right(get(a), 16), OR]),
        set(high0),
        [...xor(left(get(b), 5), right(get(a), 27)), ...set(low1)],
        [...xor(left(get(a), 5), right(get(b), 27)), ...set(high1)],
        advance(at, get(stride)),
        [...get(toGo), ...constant(1), SUBTRACT, ...tee(toGo)],
      ),
      advance(signs, constant(4)),
      [...get(signs), ...get(end), IS_BELOW],
    ),
    ...halves.flatMap((half, place) => [...get(state), ...get(half), ...store(4 * place)]),
  ];
}

const unrolled = (fours: number, code: (offset: number, place: number) => Code): Code =>
  Array.from({ length: fours }, (_, place) => code(FOUR * place, place)).flat();

function fillCode(fours: number): Code {
  const row = FOUR * fours;
  const [table, values, filled, at, end, sum, first] = [0, 1, 2, 3, 4, 5, 6];
  return [
    ...unrolled(fours, (offset) => [...get(table), ...noFour, ...storeFour(offset)]),
    ...[...constant(row), ...set(filled)],
    ...loop(
      unrolled(fours, (offset, place) => [...get(values), ...loadFour(offset), ...set(first + place)]),
      [...get(table), ...tee(at), ...get(filled), ADD, ...set(end)],
      loop(
        unrolled(fours, (offset, place) => [
          ...[...get(at), ...get(filled), ADD, ...get(at), ...loadFour(offset), ...tee(sum)],
          ...[...get(first + place), ...subtractFours, ...storeFour(offset)],
          ...[...get(at), ...get(sum), ...get(first + place), ...addFours, ...storeFour(offset)],
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

function addCode(fours: number): Code {
  const row = FOUR * fours;
  const [table, signs, sums, end, first, second] = [0, 1, 2, 3, 4, 5];
  const pick = (byte: number, into: number): Code => [
    ...[...get(signs), ...loadByte(byte), ...constant(row), MULTIPLY, ...get(table), ADD, ...set(into)],
  ];
  return loop(
    pick(0, first),
    pick(1, second),
    unrolled(fours, (offset) => [
      ...[...get(sums), ...get(sums), ...loadFour(offset), ...get(first), ...loadFour(offset), ...addFours],
      ...[...get(second), ...loadFour(PATTERNS * row + offset), ...addFours, ...storeFour(offset)],
    ]),
    advance(signs, constant(4)),
    advance(sums, constant(row)),
    [...get(sums), ...get(end), IS_BELOW],
  );
}
