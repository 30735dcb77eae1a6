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

/** Two arms by count, mean and variance. */
export const twoSummaries = z.object({
  n0: number,
  mean0: number,
  var0: number,
  n1: number,
  mean1: number,
  var1: number,
});

/** The arms of `twoSummaries` as the methods take them. */
export function armsOf(input: z.output<typeof twoSummaries>): readonly [ArmSummary, ArmSummary] {
  return [
    { n: input.n0, mean: input.mean0, variance: input.var0 },
    { n: input.n1, mean: input.mean1, variance: input.var1 },
  ];
}
