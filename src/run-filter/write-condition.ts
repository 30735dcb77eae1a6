/** A condition as the command line takes it: `latencyMs > 2000`. */
import { needsValue, type RunCondition, typeOfField } from './vocabulary.ts';

/** What `readCondition` reads as the same. */
export function writeCondition({ field, op, value }: RunCondition): string {
  if (!needsValue(op) || value === undefined) return `${field} ${op}`;
  if (Array.isArray(value)) return `${field} ${op} ${value.map((each) => quoted(String(each), LISTED)).join(', ')}`;
  if (typeOfField(field) === 'time') return `${field} ${op} ${new Date(Number(value)).toISOString()}`;
  // A list that was typed stays as it was typed.
  return `${field} ${op} ${op === 'in' ? value : quoted(String(value), WHOLE)}`;
}

/** Texts that would be read otherwise. */
const WHOLE = /^\s|\s$|^["']|[\r\n]|^$/;
const LISTED = /^\s|\s$|["',\r\n]|^$/;

const quoted = (text: string, unclear: RegExp): string => (unclear.test(text) ? JSON.stringify(text) : text);
