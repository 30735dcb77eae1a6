/**
 * The first index from 0 for which `isBefore` is false, by binary search; `length` where there is none. `isBefore` must be
 * true up to that index and false from it on.
 */
export function partitionPoint(length: number, isBefore: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
