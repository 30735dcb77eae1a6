/** What runs are compared with, as people write it: numbers with their units, times, texts in quotes or without. */

const MS: { readonly [unit: string]: number } = {
  ...{ ms: 1, s: 1_000, sec: 1_000, second: 1_000, m: 60_000, min: 60_000, minute: 60_000 },
  ...{ h: 3_600_000, hour: 3_600_000, d: 86_400_000, day: 86_400_000, week: 604_800_000 },
};

/** Undefined where it is no number; `2s` and `$0.01` where the field has that unit. */
export function readNumber(field: string, text: string): number | undefined {
  const plain = field === 'costUsd' ? text.replace(/^\$\s*/, '') : text;
  if (field === 'latencyMs') {
    const span = readSpan(plain);
    if (span !== undefined) return span;
  }
  if (field.startsWith('monitor:') && /^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true' ? 1 : 0;
  const value = plain.trim() === '' ? Number.NaN : Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

/** `2 s`, `3 hours`, in milliseconds. */
function readSpan(text: string): number | undefined {
  const { amount, unit } = /^(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]+?)$/i.exec(text)?.groups ?? {};
  if (amount === undefined || unit === undefined) return undefined;
  const lower = unit.toLowerCase();
  const ms = MS[lower] ?? MS[lower.replace(/s$/, '')];
  return ms === undefined ? undefined : Number(amount) * ms;
}

/** In milliseconds since the epoch; UTC where no zone is given. */
export function readTime(text: string, now: number): number | undefined {
  const ago = /^(?<span>.+?)\s+ago$/i.exec(text)?.groups?.span;
  if (ago !== undefined) {
    const span = readSpan(ago);
    return span === undefined ? undefined : now - span;
  }
  if (/^\d{11,16}$/.test(text)) return Number(text);
  const bare = readText(text);
  const {
    day,
    clock = '',
    zone = '',
  } = /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(?<zone>Z|UTC|[+-]\d{2}:\d{2})?$/i.exec(
    bare,
  )?.groups ?? {};
  if (day === undefined) return undefined;
  const at = Date.parse(`${day}T${clock || '00:00'}${zone === '' || /utc|z/i.test(zone) ? 'Z' : zone}`);
  return Number.isNaN(at) ? undefined : at;
}

/** Without the quotes around it, where it has any. */
export function readText(text: string): string {
  if (text.length > 1 && text.startsWith("'") && text.endsWith("'")) return text.slice(1, -1);
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}

/** Between commas, but for those within quotes. */
export function readList(text: string): readonly string[] {
  const parts = text.match(/\s*("(?:\\.|[^"\\])*"|'[^']*'|[^,]+)\s*(?=,|$)/g) ?? [];
  return parts.map((part) => readText(part.trim())).filter((part) => part !== '');
}
