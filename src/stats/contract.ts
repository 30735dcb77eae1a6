/**
 * The shape of a contract kind: how outside programs reach a method by name with JSON. A kind has the schema of its
 * input, the fields of its answer, and the method; input that does not fit the schema is `invalid_input` with all
 * fields null, as if the method itself had refused it.
 */
import * as z from 'zod';
import type { ArmSummary } from './moments.ts';

/** One kind of request: from parsed JSON to an answer with `status` and snake_case fields. */
export type Kind = (input: unknown) => Readonly<Record<string, unknown>>;

/** A method under a schema. `fields` lists what the answer always has, in snake_case. */
export function kind<Schema extends z.ZodType>(
  schema: Schema,
  fields: readonly string[],
  method: (input: z.output<Schema>) => object,
): Kind {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) return refusal(describeIssue(parsed.error), fields);
    const given = snakeCased(method(parsed.data));
    const asked = Object.fromEntries(fields.map((field) => [field, given.get(field) ?? null]));
    return { status: given.get('status'), ...(given.has('why') ? { why: given.get('why') } : {}), ...asked };
  };
}

/** An `invalid_input` answer with its fields null. */
export function refusal(why: string, fields: readonly string[] = []): Readonly<Record<string, unknown>> {
  return { status: 'invalid_input', why, ...Object.fromEntries(fields.map((field) => [field, null])) };
}

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`;
}

function snakeCased(result: object): ReadonlyMap<string, unknown> {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return new Map(Object.entries(result).map(([name, value]) => [snake(name), value]));
}

/** zod refuses NaN and infinities as numbers, so a vector is finite once it is parsed. */
export const number = z.number();
export const vector = z.array(number);
export const names = z.array(z.union([z.string(), number]));

/** Two arms by count, mean and variance; an arm with fewer than two units has no variance, and an empty one no mean. */
export const twoSummaries = z.object({
  n0: number,
  mean0: number.nullable(),
  var0: number.nullable(),
  n1: number,
  mean1: number.nullable(),
  var1: number.nullable(),
});

/** The arms of `twoSummaries` as the methods take them. */
export function armsOf(input: z.output<typeof twoSummaries>): readonly [ArmSummary, ArmSummary] {
  return [armOf(input.n0, input.mean0, input.var0), armOf(input.n1, input.mean1, input.var1)];
}

/** What is null for want of units becomes 0, which methods never read; any other null becomes NaN, which they refuse. */
function armOf(n: number, mean: number | null, variance: number | null): ArmSummary {
  return { n, mean: mean ?? (n === 0 ? 0 : Number.NaN), variance: variance ?? (n < 2 ? 0 : Number.NaN) };
}
