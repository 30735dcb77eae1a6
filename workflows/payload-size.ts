/** What a workflow hands on is measured first: Temporal would fail the workflow task above 2 MiB, and repeat it for ever. */
import type { Json } from '../src/plan/plan.ts';

const LIMIT_BYTES = 1_500_000;
const encoder = new TextEncoder();

/** UTF-8 bytes of the value as JSON. */
export function bytesOf(value: Json): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** Says what is wrong with a value of so many bytes, or undefined. */
export function tooLarge(bytes: number, what: string): string | undefined {
  return bytes <= LIMIT_BYTES ? undefined : `${what} is ${bytes} bytes of JSON, ${LIMIT_BYTES} are allowed`;
}
