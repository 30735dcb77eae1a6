/** What PostgreSQL can look into: it keeps any JSON as text, but no query reads a NUL, or half of a surrogate pair. */
import type { Json } from '../plan/plan.ts';

/** The same value with NUL characters and halves of surrogate pairs replaced: a step may have made them. */
export function storable(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\u{FFFD}');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(storable);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [storable(key), storable(part)]));
}

/** The path of the first text or key with a NUL or half of a surrogate pair, such as `input.question`; '' is the value itself. */
export function unstorablePath(value: Json, path: readonly string[] = []): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path.join('.') : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, part] of Object.entries(value)) {
    const found = unstorablePath(key, [...path, 'a key']) ?? unstorablePath(part, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
