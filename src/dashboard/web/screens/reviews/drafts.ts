/** What is filled in by half survives a reload of the page, not the end of the session. */
import type { Written } from './form.ts';

export interface Draft {
  readonly written: Written;
  readonly note: string;
}

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const keyOf = (queue: string, place: number): string => `sluice-review ${queue} ${place}`;
const doneKeyOf = (queue: string): string => `sluice-reviewed ${queue}`;
/** Places that one can go back to, at most. */
const MOST_BACK = 200;

export function draftOf(kept: Kept, queue: string, place: number): Draft | undefined {
  const draft = read(kept, keyOf(queue, place)) as Draft | undefined;
  return typeof draft?.written === 'object' && typeof draft.note === 'string' ? draft : undefined;
}

/** Storage that is full or forbidden costs the draft, not the page. */
export function keepDraft(kept: Kept, queue: string, place: number, draft: Draft): void {
  const isEmpty = draft.note === '' && Object.keys(draft.written).length === 0;
  if (isEmpty) dropDraft(kept, queue, place);
  else write(kept, keyOf(queue, place), draft);
}

export function dropDraft(kept: Kept, queue: string, place: number): void {
  try {
    kept.removeItem(keyOf(queue, place));
  } catch {}
}

/** Places that were submitted here, the last one last. */
export function doneOf(kept: Kept, queue: string): readonly number[] {
  const done = read(kept, doneKeyOf(queue));
  return Array.isArray(done) ? done.filter((place) => Number.isInteger(place)) : [];
}

export const keepDone = (kept: Kept, queue: string, done: readonly number[]): void =>
  write(kept, doneKeyOf(queue), done.slice(-MOST_BACK));

function read(kept: Kept, key: string): unknown {
  try {
    return JSON.parse(kept.getItem(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function write(kept: Kept, key: string, value: unknown): void {
  try {
    kept.setItem(key, JSON.stringify(value));
  } catch {}
}
