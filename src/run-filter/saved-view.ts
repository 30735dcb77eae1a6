/**
 * What a saved view of runs keeps, and what an address has of one, read again as what may have been written by anybody.
 * Without a library for schemas, since the dashboard reads addresses by it.
 */
import { SluiceError } from '../base/errors.ts';
import { commandLineOf } from '../base/shell.ts';
import { needsValue, type RunCondition, type RunSort, typeOfField } from '../model/run-fields.ts';
import type { Json } from '../plan/plan.ts';

/** What a saved view keeps: what is not there is as on a fresh screen. */
export interface RunsView {
  readonly where: readonly RunCondition[];
  readonly sort?: RunSort;
  readonly columns?: readonly string[];
  readonly axes?: { readonly x: string; readonly y: string };
}

/** @throws SluiceError `view_invalid` */
export function savedView(view: Json, name: string): RunsView {
  const read = readView(view);
  if (read !== undefined) return read;
  throw new SluiceError('view_invalid', {
    message: `what is saved as '${name}' is no view of runs`,
    remedy: `save it again, or remove it: ${commandLineOf(['runs', 'views', 'remove'], name)}`,
  });
}

/** Without what views do not keep; undefined: it is none. */
export function readView(view: unknown): RunsView | undefined {
  if (!isObject(view)) return undefined;
  const { where = [], sort, columns, axes } = view;
  if (!Array.isArray(where) || !where.every(isCondition)) return undefined;
  if (sort !== undefined && !isSort(sort)) return undefined;
  if (columns !== undefined && !(Array.isArray(columns) && columns.every(isText))) return undefined;
  if (axes !== undefined && !isAxes(axes)) return undefined;
  return {
    where: where.map(({ field, op, value }) => ({ field, op, ...(value !== undefined && { value }) })),
    ...(sort !== undefined && { sort: { by: sort.by, descending: sort.descending } }),
    ...(columns !== undefined && { columns }),
    ...(axes !== undefined && { axes: { x: axes.x, y: axes.y } }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isValue = (value: unknown): value is string | number => isText(value) || typeof value === 'number';

const isCondition = (of: unknown): of is RunCondition =>
  isObject(of) &&
  isText(of.field) &&
  isText(of.op) &&
  (of.value === undefined || (Array.isArray(of.value) ? of.value.every(isValue) : isValue(of.value)));

const isSort = (of: unknown): of is RunSort => isObject(of) && isText(of.by) && typeof of.descending === 'boolean';

const isAxes = (of: unknown): of is { readonly x: string; readonly y: string } =>
  isObject(of) && isText(of.x) && isText(of.y);

/** What `readCondition` reads as the same. */
export function writeCondition({ field, op, value }: RunCondition): string {
  if (!needsValue(op) || value === undefined) return `${field} ${op}`;
  if (Array.isArray(value)) return `${field} ${op} ${value.map((each) => quoted(String(each), LISTED)).join(', ')}`;
  if (typeOfField(field) === 'time') return `${field} ${op} ${timeText(value)}`;
  // A list that was typed stays as it was typed.
  return `${field} ${op} ${op === 'in' ? value : quoted(String(value), op === 'is' ? AFTER_IS : WHOLE)}`;
}

/** A text that is no time stays; the reader of the condition rejects it. */
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
