/** Undoing what was done so far, the last first. What cannot be undone does not keep the rest from it. */
export type Undo = (() => Promise<void>)[];

/** @throws the first of what the steps threw, after all were made. */
export async function unwind(undo: Undo): Promise<void> {
  const errors: unknown[] = [];
  for (let step = undo.pop(); step; step = undo.pop()) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}
