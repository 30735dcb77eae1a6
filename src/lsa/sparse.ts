/** A matrix of which only the entries that are not 0 are kept, row by row, and its products with a dense one. */
import type { DenseMatrix } from './dense.ts';

export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Where each row starts in the two arrays below; one more than there are rows. */
  readonly starts: Uint32Array;
  readonly columnNumbers: Uint32Array;
  readonly values: Float32Array;
}

/** result = matrix · factor */
export function multiply(matrix: SparseMatrix, factor: DenseMatrix, result: DenseMatrix): void {
  const { starts, columnNumbers, values } = matrix;
  result.values.fill(0);
  for (let row = 0; row < matrix.rows; row++)
    for (let entry = starts[row]!; entry < starts[row + 1]!; entry++)
      addRow(result, row, factor, columnNumbers[entry]!, values[entry]!);
}

/** result = matrixᵀ · factor */
export function multiplyTransposed(matrix: SparseMatrix, factor: DenseMatrix, result: DenseMatrix): void {
  const { starts, columnNumbers, values } = matrix;
  result.values.fill(0);
  for (let row = 0; row < matrix.rows; row++)
    for (let entry = starts[row]!; entry < starts[row + 1]!; entry++)
      addRow(result, columnNumbers[entry]!, factor, row, values[entry]!);
}

/** to[toRow] += scale · from[fromRow] */
function addRow(to: DenseMatrix, toRow: number, from: DenseMatrix, fromRow: number, scale: number): void {
  const { width } = to;
  const target = to.values;
  const source = from.values;
  const toStart = toRow * width;
  const fromStart = fromRow * width;
  for (let column = 0; column < width; column++)
    target[toStart + column] = target[toStart + column]! + scale * source[fromStart + column]!;
}
