/** Conditions on runs as people write them: `latency > 2s`, `thumb is down`, `state in failed, degraded`. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import {
  FITTING,
  type FieldType,
  needsValue,
  OPERATORS,
  RUN_FIELDS,
  type RunCondition,
  type RunSort,
  typeOfField,
} from '../model/run-fields.ts';

const EXAMPLE = 'write FIELD OPERATOR VALUE, such as "latency > 2000"';
const LONGEST = 2_000;

/** What people call fields. */
const ALSO: { readonly [name: string]: string } = {
  ...{ latency: 'latencyMs', took: 'latencyMs', duration: 'latencyMs', cost: 'costUsd', thumbs: 'thumb' },
  ...{ time: 'started', answer: 'output', question: 'input', id: 'run', notes: 'note' },
};

/** What people write for an operator that a type has by another name. */
const MEANT: { readonly [Type in FieldType]: { readonly [op: string]: string } } = {
  text: { '==': '=' },
  number: { '==': '=', is: '=', equals: '=' },
  time: { '>': 'after', '>=': 'after', '<': 'before', '<=': 'before' },
};

/**
 * @param now milliseconds since the epoch: what `3 hours ago` is counted from
 * @throws SluiceError `filter_invalid`, with the nearest field or operator
 */
export function readCondition(text: string, now: number): RunCondition {
  if (text.length > LONGEST) throw invalid(`a condition has ${text.length} characters`, `at most ${LONGEST} are read`);
  const { name, rest } = /^\s*(?<name>monitor:[\w-]+:[\w-]+|\w+)\s*(?<rest>.*?)\s*$/s.exec(text)?.groups ?? {};
  if (name === undefined || rest === undefined) throw invalid(`'${text}' names no field`, EXAMPLE);
  const [field, type] = readField(name);
  const [written, given] = readOperator(text, rest);
  const op = MEANT[type][written] ?? written;
  if (!FITTING[type].includes(op))
    throw invalid(`'${written}' does not fit ${field}`, `use one of ${FITTING[type].join(', ')}`);
  if (!needsValue(op)) {
    if (given !== '') throw invalid(`'${op}' is followed by '${given}'`, 'leave it out: it compares with nothing');
    return { field, op };
  }
  if (given === '') throw invalid(`'${text.trim()}' compares ${field} with nothing`, EXAMPLE);
  if (field === 'thumb' && Object.hasOwn(THUMBS, given.toLowerCase())) return thumb(given.toLowerCase(), op);
  return { field, op, value: readValue({ field, type, op, given, now }) };
}

/** `-cost`: the most first; `cost`: the least first. @throws SluiceError `filter_invalid` */
export function readSort(text: string): RunSort {
  const descending = text.startsWith('-');
  return { by: readField(descending ? text.slice(1) : text)[0], descending };
}

/** @throws SluiceError `filter_invalid`, with the nearest */
export const readFieldName = (name: string): string => readField(name.trim())[0];

function readField(name: string): readonly [field: string, type: FieldType] {
  const known = Object.hasOwn(ALSO, name) ? ALSO[name]! : name;
  const field = RUN_FIELDS.find((each) => each.toLowerCase() === known.toLowerCase()) ?? known;
  const type = typeOfField(field);
  if (type === undefined)
    throw invalid(
      `runs have no field '${name}'`,
      name.startsWith('monitor')
        ? 'a score of a monitor is monitor:NAME:FIELD'
        : suggest(name, [...RUN_FIELDS, ...Object.keys(ALSO)], 'see the fields'),
    );
  return [field, type];
}

/** The longest first, so that `is not empty` is not taken for `is`. */
const WRITTEN = [...OPERATORS, '=='].toSorted((one, other) => other.length - one.length);

const NOT = /^not(?:\s+|$)/i;

function readOperator(text: string, rest: string): readonly [op: string, given: string] {
  const lower = rest.toLowerCase().replace(/^is(\s+not)?\s+empty/, (found) => found.replace(/\s+/g, ' '));
  const op = WRITTEN.find(
    (each) => lower.startsWith(each) && (/\W$/.test(each) || /^(\s|$)/.test(lower.slice(each.length))),
  );
  if (op !== undefined) {
    // By its words, since there may be more than one space between them.
    const pattern = new RegExp(`^${op.replaceAll(' ', '\\s+')}`, 'i');
    const given = rest.replace(pattern, '').trim();
    // In quotes it is a value like any other.
    return op === 'is' && NOT.test(given) ? ['!=', given.replace(NOT, '')] : [op, given];
  }
  const [word = ''] = rest.split(/\s/);
  if (word === '') throw invalid(`'${text.trim()}' compares nothing`, EXAMPLE);
  throw invalid(`runs cannot be compared by '${word}'`, suggest(word, OPERATORS, 'see the operators'));
}

const THUMBS: { readonly [word: string]: string } = { up: '>', down: '<', both: '=' };

/** As lists show it: the mean of all thumbs, of two minds in the middle. */
function thumb(word: string, op: string): RunCondition {
  if (op !== '=') throw invalid(`'${op}' does not fit a thumb that is ${word}`, `write "thumb is ${word}"`);
  return { field: 'thumb', op: THUMBS[word]!, value: 0 };
}

interface Given {
  readonly field: string;
  readonly type: FieldType;
  readonly op: string;
  readonly given: string;
  readonly now: number;
}

function readValue({ field, type, op, given, now }: Given): NonNullable<RunCondition['value']> {
  const number = (text: string): number => {
    const value = readNumber(field, text);
    if (value === undefined) throw invalid(`${field} is compared with '${text}'`, 'give a number');
    return value;
  };
  if (op === 'in') return readList(given).map((each) => (type === 'number' ? number(each) : each));
  if (type === 'text') return readText(given);
  if (type === 'number') return number(given);
  const time = readTime(given, now);
  if (time === undefined)
    throw invalid(
      `${field} is compared with '${given}'`,
      'give a time, such as 2026-03-01, 2026-03-01T12:30Z or "3 hours ago"',
    );
  return time;
}

function invalid(message: string, remedy: string): SluiceError {
  return new SluiceError('filter_invalid', { message, remedy });
}

// What runs are compared with, as people write it: numbers with their units, times, texts in quotes or without.

const MS: { readonly [unit: string]: number } = {
  ...{ ms: 1, s: 1_000, sec: 1_000, second: 1_000, m: 60_000, min: 60_000, minute: 60_000 },
  ...{ h: 3_600_000, hour: 3_600_000, d: 86_400_000, day: 86_400_000, week: 604_800_000 },
};

/** Undefined where it is no number; `2s` and `$0.01` where the field has that unit. */
function readNumber(field: string, text: string): number | undefined {
  const plain = field === 'costUsd' ? text.replace(/^\$\s*/, '') : text;
  if (field === 'latencyMs') {
    const span = readSpan(plain);
    if (span !== undefined) return span;
  }
  if (field.startsWith('monitor:') && /^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true' ? 1 : 0;
  const value = plain.trim() === '' ? Number.NaN : Number(plain);
  return Number.isFinite(value) ? value : undefined;
}

/** `2 s`, `3 hours`, in milliseconds. */
function readSpan(text: string): number | undefined {
  const { amount, unit } = /^(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]+?)$/i.exec(text)?.groups ?? {};
  if (amount === undefined || unit === undefined) return undefined;
  const lower = unit.toLowerCase();
  const ms = MS[lower] ?? MS[lower.replace(/s$/, '')];
  return ms === undefined ? undefined : Number(amount) * ms;
}

/** In milliseconds since the epoch; UTC where no zone is given. */
function readTime(text: string, now: number): number | undefined {
  const ago = /^(?<span>.+?)\s+ago$/i.exec(text)?.groups?.span;
  if (ago !== undefined) {
    const span = readSpan(ago);
    return span === undefined ? undefined : now - span;
  }
  if (/^\d{11,16}$/.test(text)) return Number(text);
  const bare = readText(text);
  const {
    day,
    clock = '',
    zone = '',
  } = /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(?<zone>Z|UTC|[+-]\d{2}:\d{2})?$/i.exec(
    bare,
  )?.groups ?? {};
  if (day === undefined) return undefined;
  const at = Date.parse(`${day}T${clock || '00:00'}${zone === '' || /utc|z/i.test(zone) ? 'Z' : zone}`);
  return Number.isNaN(at) ? undefined : at;
}

/** Without the quotes around it, where it has any. */
function readText(text: string): string {
  if (text.length > 1 && text.startsWith("'") && text.endsWith("'")) return text.slice(1, -1);
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}

/** Between commas, but for those within quotes. */
function readList(text: string): readonly string[] {
  const parts = text.match(/\s*("(?:\\.|[^"\\])*"|'[^']*'|[^,]+)\s*(?=,|$)/g) ?? [];
  return parts.map((part) => readText(part.trim())).filter((part) => part !== '');
}
