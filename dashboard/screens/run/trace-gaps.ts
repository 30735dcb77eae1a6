/** Lines that are in the page, and the room of those between them that are not. */

export type Item = { readonly index: number } | { readonly gap: number; readonly height: number };

interface Placed {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** @param total the height of all lines */
export function withGaps(shown: readonly Placed[], total: number): readonly Item[] {
  const items: Item[] = [];
  let at = 0;
  for (const { index, start, end } of shown) {
    if (start > at) items.push({ gap: at, height: start - at });
    items.push({ index });
    at = end;
  }
  if (total > at) items.push({ gap: at, height: total - at });
  return items;
}
