/**
 * Tall, narrow matrices and what a randomised decomposition does with them. Nearly all the time of a fit is spent here,
 * so the loops take four rows at a time: each number of the small matrix is then loaded once for four uses, and four
 * sums run side by side in the processor.
 */

/** Row by row. Rows of zeros fill it up to a multiple of four: they change no sum. */
export interface DenseMatrix {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array<ArrayBuffer>;
}

export function createDense(rows: number, width: number): DenseMatrix {
  return { rows, width, values: new Float64Array(Math.ceil(rows / 4) * 4 * width) };
}

/** matrixᵀ · matrix, of which only the lower triangle is filled: width × width, row by row. */
export function gram({ width, values }: DenseMatrix): Float64Array {
  const products = new Float64Array(width * width);
  for (let first = 0; first < values.length; first += 4 * width) {
    const [second, third, fourth] = [first + width, first + 2 * width, first + 3 * width];
    for (let i = 0; i < width; i++) {
      const a = values[first + i]!;
      const b = values[second + i]!;
      const c = values[third + i]!;
      const d = values[fourth + i]!;
      const row = i * width;
      for (let j = 0; j <= i; j++)
        products[row + j] =
          products[row + j]! +
          (a * values[first + j]! + b * values[second + j]! + (c * values[third + j]! + d * values[fourth + j]!));
    }
  }
  return products;
}

/**
 * A column whose square, once the columns before it are taken out, is less than this part of what it was consists of
 * rounding.
 */
const DEPENDENT = 1e-12;

/**
 * Makes the columns orthonormal in place: with L·Lᵀ = matrixᵀ·matrix (Cholesky), matrix·L⁻ᵀ has orthonormal columns. A
 * column that depends on those before it becomes zero, and stays so in all that is done with the matrix later; that is
 * how a decomposition finds out that the rank is smaller than asked. One call leaves an error that grows with the square
 * of the condition; a second call right after it leaves none but rounding (Yamamoto et al., "Roundoff error analysis of
 * the CholeskyQR2 algorithm", 2015).
 */
export function orthonormalise(matrix: DenseMatrix): void {
  const { width, values } = matrix;
  const { lower, inverseDiagonal } = cholesky(gram(matrix), width);
  for (let first = 0; first < values.length; first += 4 * width) {
    const [second, third, fourth] = [first + width, first + 2 * width, first + 3 * width];
    for (let j = 0; j < width; j++) {
      let a = values[first + j]!;
      let b = values[second + j]!;
      let c = values[third + j]!;
      let d = values[fourth + j]!;
      for (let i = 0; i < j; i++) {
        const factor = lower[j * width + i]!;
        a -= factor * values[first + i]!;
        b -= factor * values[second + i]!;
        c -= factor * values[third + i]!;
        d -= factor * values[fourth + i]!;
      }
      const scale = inverseDiagonal[j]!;
      values[first + j] = a * scale;
      values[second + j] = b * scale;
      values[third + j] = c * scale;
      values[fourth + j] = d * scale;
    }
  }
}

/** Overwrites the lower triangle. The inverse diagonal of a dependent column is 0. */
function cholesky(
  lower: Float64Array,
  width: number,
): { readonly lower: Float64Array; readonly inverseDiagonal: Float64Array } {
  const inverseDiagonal = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    const before = lower[j * width + j]!;
    for (let i = 0; i <= j; i++) {
      let sum = lower[j * width + i]!;
      for (let k = 0; k < i; k++) sum -= lower[j * width + k]! * lower[i * width + k]!;
      if (i < j) lower[j * width + i] = sum * inverseDiagonal[i]!;
      else if (sum > DEPENDENT * before) inverseDiagonal[j] = 1 / Math.sqrt(sum);
    }
  }
  return { lower, inverseDiagonal };
}

/**
 * matrix · vectorsᵀ, in single precision: rows × vectors, row by row.
 *
 * @param vectors one after the other, each `width` long
 */
export function project({ rows, width, values }: DenseMatrix, vectors: Float64Array): Float32Array<ArrayBuffer> {
  const count = width === 0 ? 0 : vectors.length / width;
  // Short of the rows that only fill up: what is written beyond the end of a typed array is dropped.
  const result = new Float32Array(rows * count);
  for (let row = 0; row * width < values.length && width > 0; row += 4) {
    const first = row * width;
    const [second, third, fourth] = [first + width, first + 2 * width, first + 3 * width];
    for (let vector = 0; vector < count; vector++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let i = 0; i < width; i++) {
        const factor = vectors[vector * width + i]!;
        a += factor * values[first + i]!;
        b += factor * values[second + i]!;
        c += factor * values[third + i]!;
        d += factor * values[fourth + i]!;
      }
      const place = row * count + vector;
      result[place] = a;
      result[place + count] = b;
      result[place + 2 * count] = c;
      result[place + 3 * count] = d;
    }
  }
  return result;
}
