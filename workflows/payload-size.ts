/** What a workflow hands on is measured first: Temporal would fail the workflow task above 2 MiB, and repeat it for ever. */
import type { Json } from '../src/plan/plan.ts';

const LIMIT_BYTES = 1_500_000;
/** One UTF-16 unit is at most this many bytes of UTF-8: most values need no exact count. */
const MOST_BYTES_PER_UNIT = 3;

/** Says what is wrong with `value`'s size, or undefined. */
export function tooLarge(value: Json, what: string): string | undefined {
  const text = JSON.stringify(value);
  if (text.length * MOST_BYTES_PER_UNIT <= LIMIT_BYTES) return undefined;
  const bytes = new TextEncoder().encode(text).length;
  return bytes <= LIMIT_BYTES ? undefined : `${what} is ${bytes} bytes of JSON, ${LIMIT_BYTES} are allowed`;
}
