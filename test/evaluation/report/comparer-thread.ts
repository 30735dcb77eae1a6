/** Threads that do what a comparing thread should not. */

type Ill = 'fine' | 'fills' | 'hangs';

export default function ill(task: Ill): string {
  const kept: number[][] = [];
  while (task === 'fills') kept.push(new Array(100_000).fill(kept.length));
  if (task === 'hangs') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return `${task} was done`;
}

export const warm = (): void => undefined;
