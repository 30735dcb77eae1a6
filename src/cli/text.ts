/** Small pieces of wording that several commands share: durations, money, times, wrapped text. */

const MINUTE_MS = 60_000;

/** `4 ms`, `1.2 s`, `3 min 20 s`; `–` where it is not known. */
export function showDuration(durationMs: number | null): string {
  if (durationMs === null) return '–';
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < MINUTE_MS) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `$0.0012`; `–` where it is not known. */
export function showCost(costUsd: number | null): string {
  return costUsd === null ? '–' : `$${costUsd.toPrecision(2)}`;
}

/** A moment as `2026-03-01 12:00:00`, in UTC. */
export function showTime(milliseconds: number | null): string {
  return milliseconds === null ? '–' : new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19);
}

/** `1 page`, `303 pages`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** Text in lines of at most `width` columns, each indented; its own line breaks are kept. */
export function wrap(text: string, width: number, indent = '  '): string[] {
  return text.split('\n').flatMap((paragraph) => wrapLine(paragraph, Math.max(width - indent.length, 20), indent));
}

function wrapLine(line: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(indent + current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current === '' ? '' : indent + current];
}
