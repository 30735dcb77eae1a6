/** Many rows in few statements, none of them too large. */

export interface BatchLimits {
  readonly rows: number;
  /** A row that is larger by itself has a statement of its own. */
  readonly bytes: number;
}

export function* batches<Row>(
  rows: readonly Row[],
  limits: BatchLimits,
  sizeOf: (row: Row) => number,
): Generator<readonly Row[]> {
  let [batch, bytes]: [Row[], number] = [[], 0];
  for (const row of rows) {
    if (batch.length >= limits.rows || (batch.length > 0 && bytes + sizeOf(row) > limits.bytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(row);
    bytes += sizeOf(row);
  }
  if (batch.length > 0) yield batch;
}
