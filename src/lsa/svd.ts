/**
 * The leading right singular vectors of a sparse matrix: randomised subspace iteration (Halko, Martinsson and Tropp,
 * "Finding structure with randomness", SIAM Review 53, 2011, algorithms 4.4 and 5.1). It works on the transposed
 * matrix, so that the vectors are an orthonormal basis times a small orthogonal matrix: exact to rounding for all
 * singular values.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

// Tall, narrow matrices and what a randomised decomposition does with them. Nearly all the time of a fit is spent here,
// so the loops take four rows at a time: each number of the small matrix is then loaded once for four uses, and four
// sums run side by side in the processor.

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

/** A column whose squared norm drops below this share, after removing the columns before it, is rounding noise. */
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

export interface SvdSettings {
  /** Vectors wanted. */
  readonly dimensions: number;
  readonly oversampling: number;
  readonly powerIterations: number;
  readonly seed: number;
}

export interface RightVectors {
  /** `dimensions`, or the matrix' rank where that is less. */
  readonly rank: number;
  /** columns × rank, row by row; vectors in order of falling singular values, the largest entry of each positive. */
  readonly vectors: Float32Array<ArrayBuffer>;
}

/** A singular value below this part of the largest is none: its vector would consist of rounding. */
const NO_SINGULAR_VALUE = 1e-6;

/** @param onStep receives the share of steps done; steps have equal counts, not equal durations */
export function rightSingularVectors(
  matrix: SparseMatrix,
  settings: SvdSettings,
  onStep: (done: number, total: number) => void = () => {},
): RightVectors {
  const total = 2 * settings.powerIterations + 3;
  let done = 0;
  const stepDone = () => onStep(++done, total);

  const width = Math.min(settings.dimensions + settings.oversampling, matrix.rows, matrix.columns);
  const left = createDense(matrix.rows, width);
  const right = createDense(matrix.columns, width);
  fillNormal(left, settings.seed);
  for (let iteration = 0; iteration <= settings.powerIterations; iteration++) {
    if (iteration > 0) {
      multiply(matrix, right, left);
      orthonormalise(left);
      stepDone();
    }
    multiplyTransposed(matrix, left, right);
    // Between the iterations the basis must be well conditioned; to rounding it need only be orthonormal at the end.
    orthonormalise(right);
    stepDone();
  }
  orthonormalise(right);
  multiply(matrix, right, left);
  stepDone();
  const rotation = leadingEigenvectors(gram(left), width, settings.dimensions);
  const vectors = project(right, rotation);
  const rank = width === 0 ? 0 : rotation.length / width;
  fixSigns(vectors, rank);
  stepDone();
  return { rank, vectors };
}

/** Standard normal numbers (Box and Muller, 1958). */
function fillNormal({ rows, width, values }: DenseMatrix, seed: number): void {
  const generator = xoroshiro128plus(seed);
  for (let place = 0; place < rows * width; place++) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator)));
    values[place] = radius * Math.cos(2 * Math.PI * uniformFloat64(generator));
  }
}

/** Of a symmetric matrix given by its lower triangle: one after the other, those of the largest eigenvalues first. */
function leadingEigenvectors(lower: Float64Array, width: number, count: number): Float64Array {
  if (width === 0) return new Float64Array(0);
  const full = Matrix.zeros(width, width);
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++) {
      full.set(i, j, lower[i * width + j]!);
      full.set(j, i, lower[i * width + j]!);
    }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(full, { assumeSymmetric: true });
  const order = Array.from(realEigenvalues.keys()).sort((i, j) => realEigenvalues[j]! - realEigenvalues[i]!);
  const least = realEigenvalues[order[0]!]! * NO_SINGULAR_VALUE ** 2;
  const kept = order.slice(0, count).filter((place) => realEigenvalues[place]! > Math.max(least, 0));
  return Float64Array.from(kept.flatMap((place) => eigenvectorMatrix.getColumn(place)));
}

/** A singular vector is one up to its sign: the largest entry, of equal ones the first, is made positive. */
function fixSigns(vectors: Float32Array, rank: number): void {
  for (let vector = 0; vector < rank; vector++) {
    let largest = 0;
    for (let place = vector; place < vectors.length; place += rank)
      if (Math.abs(vectors[place]!) > Math.abs(largest)) largest = vectors[place]!;
    if (largest >= 0) continue;
    for (let place = vector; place < vectors.length; place += rank) vectors[place] = -vectors[place]!;
  }
}
