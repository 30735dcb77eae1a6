/**
 * How many documents make a batch: few enough that the bar moves and little is repeated after a crash, and never so
 * many batches that the workflow's history grows long.
 */

const BATCH_DOCUMENTS = 16;
const BATCH_BYTES = 256_000;
/** Each batch is about six events of history: this many are far below what makes a history slow. */
const MAX_BATCHES = 250;

export interface BatchSize {
  readonly documents: number;
  readonly bytes: number;
}

/** The size of a source's batches; each is full when it reaches either number. */
export function batchSize(total: { readonly documents: number; readonly bytes: number }): BatchSize {
  return {
    documents: Math.max(BATCH_DOCUMENTS, Math.ceil((2 * total.documents) / MAX_BATCHES)),
    bytes: Math.max(BATCH_BYTES, Math.ceil((2 * total.bytes) / MAX_BATCHES)),
  };
}

/** Consecutive groups of at most that size; an item that alone exceeds it is a group. */
export function groupBySize<Item extends { readonly bytes: number }>(
  items: readonly Item[],
  size: BatchSize,
): readonly (readonly Item[])[] {
  const groups: Item[][] = [];
  let bytes = 0;
  for (const each of items) {
    const group = groups.at(-1);
    if (group && group.length < size.documents && bytes + each.bytes <= size.bytes) {
      group.push(each);
      bytes += each.bytes;
    } else {
      groups.push([each]);
      bytes = each.bytes;
    }
  }
  return groups;
}
