/** What raters may fill in for a scorer: the scores that it gives, or the fields of its rubric, with what fits each. */
import { z } from 'zod';
import type { AnyScorer } from '../../dsl/scorer.ts';
import { choicesOf, isBoolean, type Schema } from '../../dsl/shape.ts';
import type { ScoreField, ScorerSpec } from '../../model/evaluation-spec.ts';
import type { LabelField } from '../../model/review-queue.ts';

export { describeField, type LabelField, type LabelValue, readValue } from '../../model/review-queue.ts';

/** By name. */
export type LabelFields = ReadonlyMap<string, LabelField>;

/** As its definition says. A pair's raters say which of the two is better: 0 the first, 1 the second, 0.5 neither. */
export function fieldsOfScorer({ kind, step, rubric, spec }: AnyScorer): LabelFields {
  const shape = (rubric?.fields ?? step!.output).shape as { readonly [name: string]: Schema };
  const names = rubric === undefined ? Object.keys(spec.fields) : Object.keys(shape);
  return byName(
    names.map((name) => {
      const score = spec.fields[name];
      const schema = kind === 'pair' ? z.number() : shape[name]!;
      return score === undefined ? choice(name, schema) : scored(name, score, schema);
    }),
  );
}

/** As an evaluation keeps it: of a human scorer, its scores without the choices beside them. */
export const fieldsOfSpec = ({ fields }: Pick<ScorerSpec, 'fields'>): LabelFields =>
  byName(Object.entries(fields).map(([name, score]) => ({ ...scored(name, score, z.number()), kind: 'score' })));

const byName = (fields: readonly LabelField[]): LabelFields =>
  new Map(fields.map((field) => [field.name, Object.freeze(field)]));

function choice(name: string, schema: Schema): LabelField {
  const description = describedAs(schema);
  const choices = choicesOf(schema);
  const kind = choices === undefined ? 'boolean' : 'choice';
  return { name, description, kind, least: null, most: null, isWhole: false, choices: choices ?? [] };
}

/** A schema that has an id would be a reference to itself. */
const NO_IDS = z.registry<Record<string, never>>();

function scored(name: string, { better, worst, best }: ScoreField, schema: Schema): LabelField {
  const [least, most] = better === 'higher' ? [worst, best] : [best, worst];
  const kind = isBoolean(schema) ? 'boolean' : 'number';
  const isWhole = kind === 'number' && z.toJSONSchema(schema, { metadata: NO_IDS }).type === 'integer';
  return { name, description: describedAs(schema), kind, least, most, isWhole, choices: [] };
}

/** Of a wrapper without words of its own (`.default()`), those of what is inside. */
function describedAs(schema: Schema): string | null {
  const own = z.globalRegistry.get(schema)?.description;
  if (own !== undefined) return own;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return 'innerType' in def ? describedAs(def.innerType) : null;
}
