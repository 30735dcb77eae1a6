/** Makes something when it is first asked for, once for all who ask. One that failed is made anew at the next call. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
}

/**
 * The same by key, for those that were asked for last: what a process keeps has to end somewhere.
 *
 * @param most how many are kept
 */
export function onceEach<T, Rest extends readonly unknown[]>(
  make: (key: string, ...rest: Rest) => Promise<T>,
  most: number,
): (key: string, ...rest: Rest) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key, ...rest) => {
    const made = kept.get(key) ?? make(key, ...rest);
    // Taken out and put back: a Map keeps insertion order, so the first key is the least recently used.
    kept.delete(key);
    kept.set(key, made);
    made.catch(() => kept.delete(key));
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return made;
  };
}
