/** What is filled in by half survives a reload of the page, not the end of the session. */
import type { Written } from './form.ts';

export interface Draft {
  readonly written: Written;
  readonly note: string;
}

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Whose they are: another person may sign in at the same window. */
export interface DraftsOf {
  readonly queue: string;
  readonly reviewer: string;
}

const keyOf = ({ queue, reviewer }: DraftsOf, place: number): string => `sluice-review ${queue} ${place} ${reviewer}`;
const doneKeyOf = ({ queue, reviewer }: DraftsOf): string => `sluice-reviewed ${queue} ${reviewer}`;
/** Places that one can go back to, at most. */
const MOST_BACK = 200;

export function draftOf(kept: Kept, of: DraftsOf, place: number): Draft | undefined {
  const draft = read(kept, keyOf(of, place)) as Draft | undefined;
  return typeof draft?.written === 'object' && typeof draft.note === 'string' ? draft : undefined;
}

/** Storage that is full or forbidden costs the draft, not the page. */
export function keepDraft(kept: Kept, of: DraftsOf, place: number, draft: Draft): void {
  const isEmpty = draft.note === '' && Object.keys(draft.written).length === 0;
  if (isEmpty) dropDraft(kept, of, place);
  else write(kept, keyOf(of, place), draft);
}

export function dropDraft(kept: Kept, of: DraftsOf, place: number): void {
  try {
    kept.removeItem(keyOf(of, place));
  } catch {}
}

/** Places that were submitted here, the last one last. */
export function doneOf(kept: Kept, of: DraftsOf): readonly number[] {
  const done = read(kept, doneKeyOf(of));
  return Array.isArray(done) ? done.filter((place) => Number.isInteger(place)) : [];
}

export const keepDone = (kept: Kept, of: DraftsOf, done: readonly number[]): void =>
  write(kept, doneKeyOf(of), done.slice(-MOST_BACK));

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
