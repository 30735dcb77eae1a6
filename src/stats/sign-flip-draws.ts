/**
 * Counts for several lists at once how many drawn signs give a sum as large as a threshold. The lists share the draws and
 * each look at their signs. Sums are of whole numbers, which the lists' values are rounded to, so that each is known to
 * within a bound; the few draws that it does not decide are summed up again in doubles, block by block. So each count is
 * the one that doubles alone would give.
 */
import { stateOf } from './random.ts';
import { BLOCK, openLoops, PATTERNS } from './sign-flip-loops.ts';

export interface FlippedList {
  readonly values: Float64Array;
  /** The sum of their sizes, above 0. */
  readonly size: number;
  /** From which absolute value on a sum is extreme. */
  readonly threshold: number;
}

export interface Draws {
  readonly seed: number;
  readonly draws: number;
}

/** Signs of so many values are in one word of random bits. */
const WORD = 32;
/** Sums that are made by one instruction. */
const LANES = 4;
/** Lists at once: tables of two blocks then stay in the processor's nearest cache. */
const MOST_LISTS = 16;
/** Draws that are summed up side by side; fewer where the signs of so many would take too much room. */
const BATCH = { most: 2_048, fewest: 256, bytes: 8_000_000 };
/** What a sum of whole numbers may come to. */
const MOST_SUM = 2 ** 31 - 1;

/** By list how many draws are extreme. Lists of any lengths: those that take as many words of signs are counted together. */
export function countExtreme(lists: readonly FlippedList[], draws: Draws): readonly number[] {
  const extreme = new Map<FlippedList, number>();
  for (const [words, alike] of Map.groupBy(lists, ({ values }) => Math.ceil(values.length / WORD))) {
    for (let from = 0; from < alike.length; from += MOST_LISTS) {
      const together = alike.slice(from, from + MOST_LISTS);
      for (const [place, count] of countTogether(together, words, draws).entries())
        extreme.set(together[place]!, count);
    }
  }
  return lists.map((list) => extreme.get(list)!);
}

function countTogether(lists: readonly FlippedList[], words: number, { seed, draws }: Draws): readonly number[] {
  const batch = Math.min(draws, BATCH.most, Math.max(BATCH.fewest, Math.floor(BATCH.bytes / (4 * words))));
  const summing = openSums(lists, { words, batch, seed });
  const extreme = lists.map(() => 0);
  for (let drawn = 0; drawn < draws; drawn += batch) {
    const own = Math.min(batch, draws - drawn);
    summing.draw(own);
    for (const [place, list] of lists.entries()) extreme[place]! += countOne(list, place, own, summing);
  }
  return extreme;
}

interface Summing {
  /** Of `width` sums of each draw the first ones are the lists'. */
  readonly sums: Int32Array;
  readonly width: number;
  /** Words of signs, each word's draws side by side. */
  readonly signs: Int32Array;
  readonly stride: number;
}

function countOne(list: FlippedList, place: number, draws: number, summing: Summing): number {
  const { threshold, values } = list;
  const scale = scaleOf(list);
  // Each value is off by a half at most; the other half is more than what doubles lose.
  const doubt = values.length + 1;
  const [from, to] = [threshold * scale - doubt, threshold * scale + doubt];
  const { sums, width } = summing;
  let extreme = 0;
  for (let draw = 0, at = place; draw < draws; draw += 1, at += width) {
    const sum = Math.abs(sums[at]!);
    if (sum >= to || (sum > from && Math.abs(plainSum(values, summing, draw)) >= threshold)) extreme += 1;
  }
  return extreme;
}

/** 0 for values so small that there is no such number: each draw is then in doubt. */
function scaleOf({ values, size }: FlippedList): number {
  const scale = (MOST_SUM - values.length) / size;
  return Number.isFinite(scale) ? scale : 0;
}

/** Block by block, each from its first value on. */
function plainSum(values: Float64Array, { signs, stride }: Summing, draw: number): number {
  let sum = 0;
  for (let from = 0; from < values.length; from += BLOCK) {
    const pattern = signs[Math.floor(from / WORD) * stride + draw]! >>> (from % WORD);
    const end = Math.min(BLOCK, values.length - from);
    let block = 0;
    for (let place = 0; place < end; place += 1) {
      const value = values[from + place]!;
      block += (pattern >>> place) & 1 ? -value : value;
    }
    sum += block;
  }
  return sum;
}

/** A line of the cache, in words: the words of a draw lie so much further apart, else all would be kept in the same places of it. */
const LINE = 16;
const STATE = 16;

interface Room {
  readonly words: number;
  readonly batch: number;
  readonly seed: number;
}

function openSums(lists: readonly FlippedList[], { words, batch, seed }: Room) {
  const width = LANES * Math.ceil(lists.length / LANES);
  const [row, stride] = [4 * width, batch + LINE];
  const valuesAt = 2 * PATTERNS * row;
  const sumsAt = valuesAt + WORD * words * row;
  const signsAt = sumsAt + batch * row;
  const stateAt = signsAt + 4 * stride * words;
  const { draw, fill, add, buffer } = openLoops(width / LANES, stateAt + STATE);
  const values = new Int32Array(buffer, valuesAt, WORD * words * width);
  for (const [place, list] of lists.entries()) {
    const scale = scaleOf(list);
    for (let unit = 0; unit < list.values.length; unit += 1)
      values[unit * width + place] = Math.round(list.values[unit]! * scale);
  }
  new Int32Array(buffer, stateAt, 4).set(stateOf(seed));
  const sums = new Int32Array(buffer, sumsAt, batch * width);
  return {
    sums,
    width,
    signs: new Int32Array(buffer, signsAt, stride * words),
    stride,
    draw(draws: number): void {
      draw(stateAt, signsAt, 4 * stride, words, signsAt + 4 * draws);
      sums.fill(0);
      for (let pair = 0; pair < 2 * words; pair += 1) {
        const block = valuesAt + 2 * pair * BLOCK * row;
        fill(0, block);
        fill(PATTERNS * row, block + BLOCK * row);
        add(0, signsAt + 4 * stride * (pair >>> 1) + 2 * (pair & 1), sumsAt, sumsAt + draws * row);
      }
    },
  };
}
