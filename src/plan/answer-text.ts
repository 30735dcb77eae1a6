/**
 * Which text of a run its reader watches grow: of its output the field `text`, or the one field that is a string. Whose text it is, is read off the wiring, through loops and branches: the
 * steps it may come from. A step that only passes on what another wrote hides that other one: wire the output to the
 * writer itself.
 */
import { nodesOf } from './nodes.ts';
import type { Json, Plan, PlanNode, Wiring } from './plan.ts';
import { narrow } from './resolve.ts';

export interface AnswerText {
  /** Of the output. */
  readonly field: string;
  /** The steps that may write it: one, or several that exclude each other. */
  readonly nodes: ReadonlySet<string>;
}

/** Undefined if unknown: the output has no single text, or combines several. */
export function answerText(plan: Plan): AnswerText | undefined {
  const field = textField(plan.schemas.output);
  if (field === undefined) return undefined;
  const byId = new Map([...nodesOf(plan)].map((node) => [node.id, node]));
  const writers = writersOf(plan.output, [field], byId);
  return writers && writers.length > 0 ? { field, nodes: new Set(writers) } : undefined;
}

/** The text of an output; undefined where it has none. */
export function textIn(output: Json, field: string): string | undefined {
  const value = isObject(output) && Object.hasOwn(output, field) ? output[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function textField(schema: Json | undefined): string | undefined {
  if (!isObject(schema) || !isObject(schema.properties)) return undefined;
  const texts = Object.entries(schema.properties)
    .filter(([, inner]) => isObject(inner) && inner.type === 'string')
    .map(([name]) => name);
  return texts.includes('text') ? 'text' : texts.length === 1 ? texts[0] : undefined;
}

/** The steps that a wiring's field is read from; none where it is fixed or given, undefined where it is no one text. */
function writersOf(
  wiring: Wiring,
  fields: readonly string[],
  byId: ReadonlyMap<string, PlanNode>,
): readonly string[] | undefined {
  const narrowed = narrow(wiring, fields);
  if ('$value' in narrowed.wiring) return [];
  if (!('$from' in narrowed.wiring)) return undefined;
  const [id, ...path] = narrowed.wiring.$from;
  const node = byId.get(id);
  if (!node) return [];
  switch (node.kind) {
    case 'step':
      return [id];
    case 'repeat': {
      const [name, ...rest] = path;
      const yielded = name !== undefined && Object.hasOwn(node.yields, name) ? node.yields[name] : undefined;
      return yielded && writersOf(yielded, rest, byId);
    }
    case 'branch': {
      const then = writersOf(node.then.yields, path, byId);
      const otherwise = writersOf(node.otherwise.yields, path, byId);
      return then && otherwise && [...then, ...otherwise];
    }
    case 'map':
      return undefined;
    default:
      return node satisfies never;
  }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
