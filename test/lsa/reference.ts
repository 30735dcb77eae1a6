/** The model written once more, densely and plainly: what the fast one is held to. */
import { Matrix, SVD } from 'ml-matrix';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Bag } from '../../src/lsa/corpus.ts';
import type { DenseMatrix, SparseMatrix } from '../../src/lsa/svd.ts';

/** Rows of log-tf × idf, each 1 long, passages and terms in order. */
export function denseRows(bags: readonly Bag[]): Matrix {
  const ordered = bags.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const terms = [...new Set(ordered.flatMap((bag) => [...bag.terms.keys()]))].sort();
  const idf = terms.map((term) => {
    const df = ordered.filter((bag) => bag.terms.has(term)).length;
    return Math.log(1 + (ordered.length - df + 0.5) / (df + 0.5));
  });
  return new Matrix(
    ordered.map((bag) => {
      const row = terms.map((term, place) => {
        const count = bag.terms.get(term);
        return count === undefined ? 0 : (1 + Math.log(count)) * idf[place]!;
      });
      return unit(row);
    }),
  );
}

/** Each passage's row of U·S, of the leading singular values, made 1 long. */
export function denseVectors(bags: readonly Bag[], dimensions: number): readonly (readonly number[])[] {
  const svd = decomposeDense(denseRows(bags));
  const { leftSingularVectors: left, diagonal } = svd;
  const rank = Math.min(dimensions, svd.rank);
  return Array.from({ length: left.rows }, (_, row) =>
    unit(Array.from({ length: rank }, (_, place) => left.get(row, place) * diagonal[place]!)),
  );
}

export const decomposeDense = (matrix: Matrix): SVD => new SVD(matrix, { autoTranspose: true });

export function sparseOf(dense: Matrix): SparseMatrix {
  const starts = [0];
  const columnNumbers: number[] = [];
  const values: number[] = [];
  for (const row of dense.to2DArray()) {
    for (const [column, value] of row.entries()) {
      if (value === 0) continue;
      columnNumbers.push(column);
      values.push(value);
    }
    starts.push(values.length);
  }
  return {
    rows: dense.rows,
    columns: dense.columns,
    starts: Uint32Array.from(starts),
    columnNumbers: Uint32Array.from(columnNumbers),
    values: Float32Array.from(values),
  };
}

/** `density` of the entries between -1 and 1, the others 0; single precision, as the sparse matrix keeps them. */
export function randomMatrix(rows: number, columns: number, seed: number, density = 1): Matrix {
  const generator = xoroshiro128plus(seed);
  const entry = () => Math.fround(2 * uniformFloat64(generator) - 1);
  return new Matrix(
    Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => (uniformFloat64(generator) < density ? entry() : 0)),
    ),
  );
}

export const matrixOf = (rows: number, width: number, values: ArrayLike<number>): Matrix =>
  Matrix.from1DArray(rows, width, Array.from(values).slice(0, rows * width));

export const asMatrix = ({ rows, width, values }: DenseMatrix): Matrix => matrixOf(rows, width, values);

/** How far from orthonormal the columns are: the largest entry of |QᵀQ - I|. */
export function orthonormalityError(matrix: Matrix): number {
  return Matrix.eye(matrix.columns, matrix.columns).sub(matrix.transpose().mmul(matrix)).abs().max();
}

function unit(values: readonly number[]): readonly number[] {
  const length = Math.hypot(...values);
  return length === 0 ? values : values.map((value) => value / length);
}

export const dot = (one: ArrayLike<number>, other: ArrayLike<number>): number =>
  Array.from(one).reduce((sum, value, place) => sum + value * other[place]!, 0);
