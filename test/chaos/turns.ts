/** Callers who take turns, and what is said again until it is heard. */
import { setTimeout as delay } from 'node:timers/promises';

/** Does it `count` times, `atOnce` at a time; resolves when all are done. */
export async function inTurns<T>(
  count: number,
  atOnce: number,
  act: (n: number) => Promise<T>,
): Promise<readonly Promise<T>[]> {
  const done: Promise<T>[] = [];
  const caller = async () => {
    while (done.length < count) {
      const next = act(done.length);
      done.push(next);
      await next;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return done;
}

const HEARD_LIMIT_MS = 60_000;
const AGAIN_MS = 200;

/** The server hears of a build with the first poll of its workers, a moment after they begin. */
export async function heard(act: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + HEARD_LIMIT_MS;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(AGAIN_MS);
    }
  }
}
