/** Small pieces of wording that several commands share: durations, money, times, wrapped text. */
import { localTime } from '../base/local-time.ts';

const MINUTE_MS = 60_000;
/** `run-` and eight digits. */
const SHORT_RUN_ID = 12;

/** `4 ms`, `1.2 s`, `38 s`, `3 min 20 s`; `–` where it is not known. */
export function showDuration(durationMs: number | null): string {
  if (durationMs === null) return '–';
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 10_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  if (durationMs < MINUTE_MS) return `${Math.round(durationMs / 1_000)} s`;
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const SMALL_COST = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `$0.00123`, `$12.30`; `–` where it is not known. */
export function showCost(costUsd: number | null): string {
  if (costUsd === null) return '–';
  return `$${costUsd < 1 ? SMALL_COST.format(costUsd) : costUsd.toFixed(2)}`;
}

/** A moment as `2026-03-01 13:00:00 CET`: local, with its zone. */
export function showTime(milliseconds: number | null): string {
  return milliseconds === null ? '–' : localTime(milliseconds);
}

/** `1 page`, `303 pages`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** The beginning of a run's id, enough to name it: `run-7d2f0a1b`. */
export function shortRunId(runId: string): string {
  return runId.slice(0, SHORT_RUN_ID);
}

/** Items in a row with ` · ` between them, in lines of at most `width` columns. */
export function flow(items: readonly string[], width: number, indent = '  '): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const joined = `${lines.at(-1)} · ${item}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(indent + item);
  }
  return lines;
}

/** Text in lines of at most `width` columns, each indented. Its own line breaks are kept, and code stays as it is. */
export function wrap(text: string, width: number, indent = '  '): string[] {
  const room = Math.max(width - indent.length, 20);
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    const lines = isCode || isFence || line.length <= room ? [line] : wrapWords(line, room);
    return lines.map((part) => (part === '' ? '' : indent + part));
  });
}

/** One line as several, at words. Continued lines hang under the first: under its text, where it is a list item. */
export function wrapWords(line: string, width: number): string[] {
  const [lead] = /^\s*(?:[-*] |\d+[.)] )?/.exec(line)!;
  const hanging = ' '.repeat(lead.length);
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    const joined = current.trim() === lead.trim() ? current + word : `${current} ${word}`;
    const isFull = joined.length > width && current.length > lead.length;
    if (isFull) lines.push(current);
    current = isFull ? hanging + word : joined;
  }
  return [...lines, current];
}
