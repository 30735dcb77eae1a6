/** The cosine of two vectors of one model: from -1 to 1; 0 where one of them says nothing. */
import type { Vector } from './embedder.ts';

export function cosine(one: Vector, other: Vector): number {
  if (!one || !other) return 0;
  let [product, squares, otherSquares] = [0, 0, 0];
  for (const [place, value] of one.entries()) {
    product += value * other[place]!;
    squares += value * value;
    otherSquares += other[place]! * other[place]!;
  }
  return product === 0 ? 0 : product / Math.sqrt(squares * otherSquares);
}
