/** Fields to fill in, from the JSON Schema of what a pipeline takes. */
import type { Json } from '../../../src/plan/plan.ts';

interface PropertySchema {
  readonly type?: string;
  readonly enum?: readonly Json[];
  readonly description?: string;
  readonly maxLength?: number;
  readonly default?: Json;
}

interface InputSchema {
  readonly properties?: { readonly [name: string]: PropertySchema };
  readonly required?: readonly string[];
}

/** Plans hold schemas as JSON. */
const isObjectSchema = (schema: Json): schema is Json & InputSchema =>
  typeof schema === 'object' && schema !== null && !Array.isArray(schema);

export interface Field {
  readonly name: string;
  /** `text` is taken as it is, one of `choice` is chosen, and the rest is written as JSON. */
  readonly is: 'text' | 'choice' | 'json';
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  readonly about: string;
  readonly maxLength: number | undefined;
}

const FIRST = 'question';

/** Of all these schemas together: `question` first, then what must be given, then the rest. */
export function fieldsOf(schemas: readonly Json[]): readonly Field[] {
  const fields = new Map<string, Field>();
  for (const { properties = {}, required = [] } of schemas.filter(isObjectSchema))
    for (const [name, schema] of Object.entries(properties)) {
      const known = fields.get(name);
      fields.set(name, { ...fieldOf(name, schema), isRequired: known?.isRequired || required.includes(name) });
    }
  return [...fields.values()].sort((one, other) => rank(one) - rank(other));
}

const rank = ({ name, isRequired }: Field): number => (name === FIRST ? 0 : isRequired ? 1 : 2);

function fieldOf(
  name: string,
  { type, enum: values, description, maxLength }: PropertySchema,
): Omit<Field, 'isRequired'> {
  const choices = values?.every((value) => typeof value === 'string') ? values : [];
  const is = choices.length > 0 ? 'choice' : type === 'string' ? 'text' : 'json';
  const form = is !== 'json' ? '' : type === undefined ? 'JSON' : `JSON, ${article(type)} ${type}`;
  return { name, is, choices, about: [description ?? '', form].filter(Boolean).join('; '), maxLength };
}

const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

export interface Filled {
  readonly input: { readonly [name: string]: Json };
  /** By field, what is wrong. */
  readonly wrong: ReadonlyMap<string, string>;
}

/** What was written, as the pipeline takes it; what is left empty is not given. */
export function filledIn(fields: readonly Field[], written: { readonly [name: string]: string }): Filled {
  const input: { [name: string]: Json } = {};
  const wrong = new Map<string, string>();
  for (const { name, is, isRequired } of fields) {
    const text = written[name] ?? '';
    if (text.trim() === '') {
      if (isRequired) wrong.set(name, 'it must be given');
    } else if (is !== 'json') input[name] = text;
    else
      try {
        input[name] = JSON.parse(text) as Json;
      } catch (error) {
        wrong.set(name, `it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
      }
  }
  return { input, wrong };
}

/** Of an input what this pipeline has a field for: two that are asked side by side may take different things. */
export function inputFor(schema: Json, input: Filled['input']): Filled['input'] {
  const { properties = {} } = isObjectSchema(schema) ? schema : {};
  return Object.fromEntries(Object.entries(input).filter(([name]) => name in properties));
}
