import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { createDense, type DenseMatrix, gram, orthonormalise, project } from '../../src/lsa/svd.ts';
import { asMatrix, matrixOf, orthonormalityError, randomMatrix } from './reference.ts';

function denseOf(matrix: Matrix): DenseMatrix {
  const dense = createDense(matrix.rows, matrix.columns);
  dense.values.set(matrix.to1DArray());
  return dense;
}

test.each([1, 3, 4, 5, 50])('the Gram matrix of %i rows', (rows) => {
  const matrix = randomMatrix(rows, 6, rows);
  const lower = matrixOf(6, 6, gram(denseOf(matrix)));
  const expected = matrix.transpose().mmul(matrix);
  for (let i = 0; i < 6; i++) for (let j = 0; j <= i; j++) expect(lower.get(i, j)).toBeCloseTo(expected.get(i, j), 12);
});

test('twice orthonormalised columns are orthonormal to rounding and span the same, however badly conditioned', () => {
  const basis = randomMatrix(301, 8, 3);
  const scales = Array.from({ length: 8 }, (_, place) => 10 ** (-place * 0.6));
  // Columns that differ by as little as 6e-5 of their length.
  const mixed = basis.mmul(Matrix.diag(scales)).mmul(randomMatrix(8, 8, 4));
  const dense = denseOf(mixed);
  orthonormalise(dense);
  orthonormalise(dense);
  const columns = asMatrix(dense);
  expect(orthonormalityError(columns)).toBeLessThan(1e-13);
  const outside = Matrix.sub(mixed, columns.mmul(columns.transpose().mmul(mixed)));
  expect(outside.norm()).toBeLessThan(1e-12 * mixed.norm());
});

test('a column that depends on those before it becomes zero, and stays zero', () => {
  const matrix = randomMatrix(20, 4, 5);
  matrix.setColumn(2, Matrix.add(matrix.getColumnVector(0), matrix.getColumnVector(1)));
  const dense = denseOf(matrix);
  for (let time = 0; time < 2; time++) {
    orthonormalise(dense);
    const columns = asMatrix(dense);
    expect(columns.getColumnVector(2).norm()).toBe(0);
    const independent = columns.subMatrixColumn([0, 1, 3]);
    expect(orthonormalityError(independent)).toBeLessThan(1e-12);
  }
});

test.each([
  [7, 5, 3],
  [4, 2, 2],
  [0, 0, 0],
])('the product of a %i × %i matrix with %i vectors', (rows, width, count) => {
  const matrix = rows === 0 ? new Matrix(0, 0) : randomMatrix(rows, width, 6);
  const vectors = rows === 0 ? new Matrix(0, 0) : randomMatrix(count, width, 7);
  const product = project(denseOf(matrix), Float64Array.from(vectors.to1DArray()));
  const expected = matrix.mmul(vectors.transpose()).to1DArray();
  expect(product.length).toBe(rows * count);
  for (const [place, value] of product.entries()) expect(value).toBeCloseTo(expected[place]!, 6);
});
