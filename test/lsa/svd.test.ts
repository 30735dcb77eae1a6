/** The randomised decomposition against a dense one, by another library. */
import fc from 'fast-check';
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { createDense, multiply, multiplyTransposed, rightSingularVectors } from '../../src/lsa/svd.ts';
import { asMatrix, decomposeDense, matrixOf, orthonormalityError, randomMatrix, sparseOf } from './reference.ts';

const SETTINGS = { dimensions: 128, oversampling: 16, powerIterations: 2, seed: 1 };

function decompose(matrix: Matrix, settings: Partial<typeof SETTINGS> = {}) {
  const { rank, vectors } = rightSingularVectors(sparseOf(matrix), { ...SETTINGS, ...settings });
  return { rank, vectors: matrixOf(matrix.columns, rank, vectors) };
}

/** What is left of a matrix outside the space of some vectors. */
const remainder = (matrix: Matrix, vectors: Matrix) =>
  Matrix.sub(matrix, matrix.mmul(vectors).mmul(vectors.transpose())).norm();

/** The least remainder that so many vectors can leave (Eckart and Young). */
const leastRemainder = (singularValues: readonly number[], vectors: number) =>
  Math.hypot(...singularValues.slice(vectors));

describe('with all directions followed', () => {
  test.each([
    [20, 30],
    [30, 20],
    [24, 24],
    [140, 9],
  ])('a %i × %i matrix has the vectors of the dense decomposition', (rows, columns) => {
    const matrix = randomMatrix(rows, columns, rows, 0.4);
    const dense = decomposeDense(matrix);
    const { rank, vectors } = decompose(matrix);
    expect(rank).toBe(dense.rank);
    for (let place = 0; place < rank; place++) {
      const cosine = vectors.getColumnVector(place).dot(dense.rightSingularVectors.getColumnVector(place));
      expect(Math.abs(cosine)).toBeCloseTo(1, 6);
      // ‖A·v‖ is the singular value.
      expect(matrix.mmul(vectors.getColumnVector(place)).norm()).toBeCloseTo(dense.diagonal[place]!, 5);
    }
  });

  test('the largest entry of each vector is positive', () => {
    const { vectors } = decompose(randomMatrix(20, 30, 8, 0.4));
    for (let place = 0; place < vectors.columns; place++) {
      const column = vectors.getColumn(place);
      expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
    }
  });

  test('the rank is that of the matrix', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer(),
        (rows, columns, inner, seed) => {
          const product = inner === 0 ? Matrix.zeros(rows, columns) : productOf(rows, inner, columns, seed);
          const { rank, vectors } = decompose(product, { seed });
          expect(rank).toBe(Math.min(inner, rows, columns));
          if (rank > 0) {
            expect(orthonormalityError(vectors)).toBeLessThan(1e-6);
            expect(remainder(product, vectors)).toBeLessThan(1e-5 * product.norm());
          }
        },
      ),
      { numRuns: 200, seed: 4 },
    );
  });
});

/** A matrix of rank `inner`, with entries small whole numbers so that it is exact in single precision. */
function productOf(rows: number, inner: number, columns: number, seed: number): Matrix {
  const whole = (matrix: Matrix) => matrix.mul(50).round();
  return whole(randomMatrix(rows, inner, seed)).mmul(whole(randomMatrix(inner, columns, seed + 1)));
}

describe('with fewer directions than the matrix has', () => {
  test.each([
    ['falling slowly, as those of text', (place: number) => 1 / Math.sqrt(place + 1)],
    ['falling fast', (place: number) => 0.8 ** place],
    ['hardly falling', (place: number) => 1 - place / 200],
  ])('singular values %s: nearly nothing is lost against the best vectors', (_, singularValue) => {
    const left = decomposeDense(randomMatrix(150, 90, 1)).leftSingularVectors;
    const right = decomposeDense(randomMatrix(120, 90, 2)).leftSingularVectors;
    const diagonal = Array.from({ length: 90 }, (_, place) => singularValue(place));
    const matrix = left.mmul(Matrix.diag(diagonal)).mmul(right.transpose());
    const { rank, vectors } = decompose(matrix, { dimensions: 20 });
    expect(rank).toBe(20);
    expect(orthonormalityError(vectors)).toBeLessThan(1e-6);
    expect(remainder(matrix, vectors)).toBeLessThan(1.02 * leastRemainder(diagonal, 20));
  });

  test('where singular values have a gap the space is that of the leading vectors', () => {
    const left = decomposeDense(randomMatrix(150, 60, 3)).leftSingularVectors;
    const right = decomposeDense(randomMatrix(120, 60, 4)).leftSingularVectors;
    const diagonal = Array.from({ length: 60 }, (_, place) => (place < 12 ? 2 - place / 20 : 0.2));
    const matrix = left.mmul(Matrix.diag(diagonal)).mmul(right.transpose());
    const { vectors } = decompose(matrix, { dimensions: 12 });
    const cosines = decomposeDense(
      right
        .subMatrixColumn([...Array(12).keys()])
        .transpose()
        .mmul(vectors),
    ).diagonal;
    // The sine of the largest angle between the two spaces.
    expect(Math.sqrt(Math.max(0, 1 - Math.min(...cosines) ** 2))).toBeLessThan(1e-3);
  });

  test('power iterations bring it nearer to the best', () => {
    const matrix = randomMatrix(150, 120, 9, 0.1);
    const [none, two] = [0, 2].map((powerIterations) =>
      remainder(matrix, decompose(matrix, { dimensions: 20, oversampling: 4, powerIterations }).vectors),
    );
    expect(two).toBeLessThan(none!);
  });
});

test('the same seed gives the same bytes, another seed other ones', () => {
  const matrix = sparseOf(randomMatrix(60, 70, 5, 0.2));
  const of = (seed: number) => rightSingularVectors(matrix, { ...SETTINGS, dimensions: 10, seed }).vectors;
  expect(of(7)).toEqual(of(7));
  expect(of(8)).not.toEqual(of(7));
});

test('every step is told, in order', () => {
  const steps: (readonly [number, number])[] = [];
  rightSingularVectors(sparseOf(randomMatrix(6, 5, 1)), SETTINGS, (...step) => steps.push(step));
  expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7].map((done) => [done, 7]));
});

test.each([
  [0, 0],
  [3, 0],
  [0, 3],
])('a %i × %i matrix has rank 0', (rows, columns) => {
  const empty = { columnNumbers: new Uint32Array(0), values: new Float32Array(0) };
  const matrix = { rows, columns, starts: new Uint32Array(rows + 1), ...empty };
  expect(rightSingularVectors(matrix, SETTINGS)).toEqual({ rank: 0, vectors: new Float32Array(0) });
});

test('sparse products equal dense ones', () => {
  const matrix = randomMatrix(13, 17, 2, 0.3);
  const right = createDense(17, 5);
  right.values.set(randomMatrix(17, 5, 3).to1DArray());
  const left = createDense(13, 5);
  multiply(sparseOf(matrix), right, left);
  expect(Matrix.sub(asMatrix(left), matrix.mmul(asMatrix(right))).norm()).toBeLessThan(1e-12);
  const back = createDense(17, 5);
  multiplyTransposed(sparseOf(matrix), left, back);
  expect(Matrix.sub(asMatrix(back), matrix.transpose().mmul(asMatrix(left))).norm()).toBeLessThan(1e-12);
});
