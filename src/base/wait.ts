/** Waiting that has an end. */

/** What the promise gives, or undefined where that takes longer; then it goes on by itself. */
export async function endsBy<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), limitMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
