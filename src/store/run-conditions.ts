/** Conditions on runs as SQL: each names a field, one of the operators that fit its type, and what it is compared with. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { FITTING, type FieldType, RUN_FIELDS, type RunCondition } from '../model/run-fields.ts';
import { runField } from './run-fields.ts';

/** Collects parameters, and gives the place of each. */
export interface Parameters {
  readonly values: unknown[];
  add(value: unknown): string;
}

export function createParameters(): Parameters {
  const values: unknown[] = [];
  return { values, add: (value) => `$${values.push(value)}` };
}

/** A field as an expression whose own parameters are added. @throws SluiceError `filter_invalid` */
export function fieldSql(name: string, parameters: Parameters): { readonly type: FieldType; readonly sql: string } {
  const field = runField(name);
  if (field === undefined) throw invalid(`runs have no field '${name}'`, suggest(name, RUN_FIELDS, 'see the fields'));
  const params = [...(field.params ?? [])];
  return { type: field.type, sql: field.sql.replaceAll('?', () => `${parameters.add(params.shift())}::text`) };
}

/** What holds of a run for all conditions; `true` without any. @throws SluiceError `filter_invalid` */
export const whereSql = (conditions: readonly RunCondition[], parameters: Parameters): string =>
  conditions.map((condition) => `(${conditionSql(condition, parameters)})`).join(' and ') || 'true';

function conditionSql({ field, op, value }: RunCondition, parameters: Parameters): string {
  const { type, sql } = fieldSql(field, parameters);
  if (!FITTING[type].includes(op))
    throw invalid(`'${op}' does not fit ${field}`, `use one of ${FITTING[type].join(', ')}`);
  switch (op) {
    case 'is empty':
      return `${sql} is null`;
    case 'is not empty':
      return `${sql} is not null`;
    case 'contains':
      return `${sql} ilike ${parameters.add(`%${escapeLike(asText(field, value))}%`)}`;
    case 'in':
      return `${sql} = any(${parameters.add(asList(field, type, value))}::${type === 'text' ? 'text' : 'float8'}[])`;
    case 'after':
    case 'before':
      return `${sql} ${op === 'after' ? '>' : '<'} ${parameters.add(asTime(field, value))}::timestamptz`;
    default: {
      const given =
        type === 'text'
          ? `${parameters.add(asText(field, value))}::text`
          : `${parameters.add(asNumber(field, value))}::float8`;
      // A value that is not there is not another one: it is in neither of both.
      return `${sql} ${SQL_OPERATOR[op] ?? op} ${given}`;
    }
  }
}

const SQL_OPERATOR: { readonly [op: string]: string } = { equals: '=', is: '=', '!=': '<>' };

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');

function asText(field: string, value: RunCondition['value']): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw invalid(`${field} is compared with ${JSON.stringify(value)}`, 'give a text');
}

const LATEST = 8_640_000_000_000_000;

function asNumber(field: string, value: RunCondition['value']): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && Math.abs(number) <= LATEST) return number;
  throw invalid(`${field} is compared with ${JSON.stringify(value)}`, 'give a number');
}

/** PostgreSQL reads no dates as the driver writes those of other years. */
const TIMES = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')] as const;

function asTime(field: string, value: RunCondition['value']): Date {
  const at = asNumber(field, value);
  if (at >= TIMES[0] && at <= TIMES[1]) return new Date(at);
  throw invalid(
    `${field} is compared with ${JSON.stringify(value)}`,
    'give a time in the years 1 to 9999, in milliseconds since 1970',
  );
}

function asList(field: string, type: FieldType, value: RunCondition['value']): readonly (string | number)[] {
  const list = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value;
  if (!Array.isArray(list) || list.length === 0) throw invalid(`${field} is in no list`, 'give a list of values');
  return list.map((each: string | number) => (type === 'text' ? asText(field, String(each)) : asNumber(field, each)));
}

function invalid(message: string, remedy: string): SluiceError {
  return new SluiceError('filter_invalid', { message, remedy });
}
