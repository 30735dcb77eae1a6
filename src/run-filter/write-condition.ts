/** A condition as the command line takes it: `latencyMs > 2000`. */
import { needsValue, type RunCondition, typeOfField } from '../model/run-fields.ts';

/** What `readCondition` reads as the same. */
export function writeCondition({ field, op, value }: RunCondition): string {
  if (!needsValue(op) || value === undefined) return `${field} ${op}`;
  if (Array.isArray(value)) return `${field} ${op} ${value.map((each) => quoted(String(each), LISTED)).join(', ')}`;
  if (typeOfField(field) === 'time') return `${field} ${op} ${timeText(value)}`;
  // A list that was typed stays as it was typed.
  return `${field} ${op} ${op === 'in' ? value : quoted(String(value), op === 'is' ? AFTER_IS : WHOLE)}`;
}

/** What is no time is left for whoever reads the condition to refuse. */
function timeText(value: NonNullable<RunCondition['value']>): string {
  const time = new Date(Number(value));
  return Number.isNaN(time.getTime()) ? String(value) : time.toISOString();
}

/** Texts that would be read otherwise. */
const WHOLE = /^\s|\s$|^["']|[\r\n]|^$/;
/** `is empty`, `is not X` and `is not empty` are operators. */
const AFTER_IS = new RegExp(`${WHOLE.source}|^(?:not|empty)(?:\\s|$)`, 'i');
const LISTED = /^\s|\s$|["',\r\n]|^$/;

const quoted = (text: string, unclear: RegExp): string => (unclear.test(text) ? JSON.stringify(text) : text);
