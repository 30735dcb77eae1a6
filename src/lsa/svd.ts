/**
 * The leading right singular vectors of a sparse matrix: randomised subspace iteration (Halko, Martinsson and Tropp,
 * "Finding structure with randomness", SIAM Review 53, 2011, algorithms 4.4 and 5.1). It works on the transposed matrix,
 * so that the vectors come out as an orthonormal basis times a small orthogonal matrix: exact to rounding, whatever the
 * singular values are.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { createDense, type DenseMatrix, gram, orthonormalise, project } from './dense.ts';
import { multiply, multiplyTransposed, type SparseMatrix } from './sparse.ts';

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

/** @param onStep is told how many of the steps, equal but in length, are done. */
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
