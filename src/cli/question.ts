/** What a run was asked, in a line. */
import type { Json } from '../plan/plan.ts';

/** The question that an input holds, or else all of it as JSON. */
export function questionIn(input: Json): string {
  const isQuestion = input !== null && typeof input === 'object' && 'question' in input;
  return isQuestion && typeof input.question === 'string' ? input.question : JSON.stringify(input);
}
