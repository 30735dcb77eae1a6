/** A JSON Schema in one line, as one would write it in TypeScript: enough to wire a step; `--json` has all of it. */
import type { Json } from '../plan/plan.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: Json;
}

export interface Field {
  readonly name: string;
  readonly type: string;
}

/** The fields of an object's schema, `?` after those that may be left out; a default is said with the type. */
export function fieldsOf(schema: Json): readonly Field[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([name, field]) => {
    const isOptional = !required.includes(name) && field.default === undefined;
    const otherwise = field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`;
    return { name: isOptional ? `${name}?` : name, type: typeOf(field) + otherwise };
  });
}

function typeOf(schema: Schema): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.map(typeOf).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.items) {
    const item = typeOf(schema.items);
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.properties)
    return `{ ${fieldsOf(schema as Json)
      .map(({ name, type }) => `${name}: ${type}`)
      .join(', ')} }`;
  if (typeof schema.additionalProperties === 'object') return `{ [name]: ${typeOf(schema.additionalProperties)} }`;
  return [schema.type ?? 'any'].flat().join(' | ');
}
