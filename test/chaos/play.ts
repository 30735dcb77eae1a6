/** Plays rows one after another and says what came of each; a row that throws or hangs has failed, and the next is played. */
import type { Figure } from './figures.ts';
import type { Place } from './place.ts';
import type { Row } from './row.ts';

export interface Outcome {
  readonly id: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Why the row has no figures. */
  readonly error?: string;
  readonly met: boolean;
  readonly seconds: number;
}

const ROW_LIMIT_MS = 400_000;

export async function playRow(row: Row, place: Place): Promise<Outcome> {
  const { id, title, limitMs = ROW_LIMIT_MS } = row;
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  try {
    const figures = await within(limitMs, row.play(place));
    return { id, title, figures, met: figures.every(({ met }) => met), seconds: seconds() };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { id, title, figures: [], error: why, met: false, seconds: seconds() };
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${limitMs / 1_000} s`)), limitMs);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
