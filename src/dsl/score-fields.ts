/**
 * Which fields of what a scorer gives are scores, and how each is read: which way is better, what its worst and its best
 * are. The schema says most of it; what it does not say, the definition has to.
 */
import type { ScoreField } from '../model/evaluation-spec.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { checkKeys, checkObject, refuse, show } from './refuse.ts';
import { fieldsOf, isBoolean, mayBeAbsent, rangeOf, type Schema } from './shape.ts';

/** The fields that can be scores: those that are surely a number or a boolean. */
export type Scores<Output> = {
  readonly [Field in keyof Output as [Output[Field]] extends [number | boolean] ? Field : never]: Output[Field];
};

/** What the definition says of one score, where it says anything. */
export interface ScoreSettings {
  /** Default: higher. */
  readonly better?: ScoreField['better'];
  /** How values are shown. Default: a number as a number, a boolean as a share. */
  readonly format?: ScoreField['format'];
  /** What a run gets that its variant made fail. Default: the schema's bound; of a boolean 0 (1 where lower is better). */
  readonly worst?: number;
  /** Null: there is no bound. Default: the schema's bound; of a boolean 1 (0 where lower is better). */
  readonly best?: number | null;
}

/** By field. `'detail'`: it is no score, and is kept beside the scores as text fields are. */
export type ScoreOptions<Output> = { readonly [Field in keyof Scores<Output>]?: ScoreSettings | 'detail' };

const FORMATS: readonly unknown[] = ['number', 'share', 'ms', 'usd'] satisfies ScoreField['format'][];
type Fields = { readonly [field: string]: ScoreField };

/**
 * The scores of what a schema describes.
 *
 * @throws DefinitionError `score_none` where there is not one, `score_unbounded` where neither the schema nor the
 *   settings say how bad it can be, or how good.
 */
export function scoreFields(schema: Schema, settings: object | undefined, at: string): Fields {
  const possible = Object.entries(fieldsOf(schema) ?? {}).filter(([, field]) => rangeOfScore(field));
  const where = `${at}: scores`;
  checkKeys(settings ?? {}, namesOf(possible), where);
  const fields = possible.flatMap(([name, field]): [string, ScoreField][] => {
    const set = (settings as { readonly [name: string]: unknown } | undefined)?.[name];
    return set === 'detail' ? [] : [[name, scoreField(field, set ?? {}, `${at}: score '${name}'`)]];
  });
  if (fields.length === 0)
    refuse(
      'score_none',
      `${at} gives no score`,
      "a field that is surely a number or a boolean is one, if it is not called a 'detail'",
    );
  if (fields.length > LIMITS.scoreFields)
    refuse(
      'limit_exceeded',
      `${at} gives ${fields.length} scores`,
      `use at most ${LIMITS.scoreFields}; say 'detail' of the others`,
    );
  return Object.freeze(Object.fromEntries(fields));
}

const namesOf = (entries: readonly (readonly [string, unknown])[]) => entries.map(([name]) => name);

function rangeOfScore(schema: Schema): readonly [least: number, most: number] | undefined {
  if (mayBeAbsent(schema)) return undefined;
  return isBoolean(schema) ? [0, 1] : rangeOf(schema);
}

function scoreField(schema: Schema, set: unknown, at: string): ScoreField {
  checkObject(set, at);
  checkKeys(set, ['better', 'format', 'worst', 'best'], at);
  const { better = 'higher', format = isBoolean(schema) ? 'share' : 'number', ...stated }: ScoreSettings = set;
  if (better !== 'higher' && better !== 'lower')
    refuse('score_invalid', `${at}: better is ${show(better)}`, "use 'higher' or 'lower'");
  if (!FORMATS.includes(format))
    refuse('score_invalid', `${at}: format is ${show(format)}`, "use 'number', 'share', 'ms' or 'usd'");
  const [least, most] = rangeOfScore(schema)!;
  const [low, high] = better === 'higher' ? [least, most] : [most, least];
  const { worst = low, best = high } = stated;
  checkBounds({ worst, best }, at);
  if (best !== null && (better === 'higher' ? worst >= best : worst <= best))
    refuse(
      'score_invalid',
      `${at}: worst is ${worst} and best is ${best}, where ${better} is better`,
      better === 'higher' ? 'let worst be below best' : 'let worst be above best',
    );
  return Object.freeze({ better, format, worst, best });
}

function checkBounds(bounds: { readonly worst: number; readonly best: number | null }, at: string): void {
  const entries = Object.entries(bounds).filter(([, value]) => value !== null);
  const unknown = entries.filter(([, value]) => value === Infinity || value === -Infinity).map(([which]) => which);
  if (unknown.length > 0)
    refuse(
      'score_unbounded',
      `${at}: neither its schema nor the scorer says what its ${unknown.join(' and its ')} may be`,
      "bound the schema, as z.number().min(0).max(1) does; or state worst and best (null: no bound); or say 'detail' of it",
    );
  for (const [which, value] of entries)
    if (!Number.isFinite(value)) refuse('score_invalid', `${at}: ${which} is ${show(value)}`, 'give a number');
}
