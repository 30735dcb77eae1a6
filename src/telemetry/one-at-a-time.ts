/** Questions that may hang: one is asked at a time, and whoever asks meanwhile waits for that. */
import { endsBy } from '../base/wait.ts';

/** @returns asks, and gives undefined where there is no answer in time; what came too late is for whoever asks then */
export function oneAtATime<T>(ask: () => Promise<T>, limitMs: number): () => Promise<T | undefined> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return endsBy(underWay, limitMs);
  };
}
