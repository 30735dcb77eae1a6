/** Conditions of runs as the screen writes them. */
import { shortNumber, showTime } from '../../../src/base/format.ts';
import { FITTING, type RunCondition, typeOfField } from '../../../src/model/run-fields.ts';

/** For people: `latencyMs > 2000`. */
export const said = ({ field, op, value }: RunCondition): string =>
  [NAMES[field] ?? field, op, value === undefined ? '' : shown(field, value)].join(' ').trim();

function shown(field: string, value: NonNullable<RunCondition['value']>): string {
  if (Array.isArray(value)) return value.join(', ');
  if (field === 'started') return showTime(Number(value));
  return typeof value === 'number' ? shortNumber(value) : String(value);
}

export const NAMES: { readonly [field: string]: string } = {
  started: 'started',
  run: 'run',
  pipeline: 'pipeline',
  variant: 'variant',
  state: 'state',
  question: 'question',
  latencyMs: 'took (ms)',
  costUsd: 'cost ($)',
  tokens: 'tokens',
  thumb: 'thumb',
  score: 'score',
  note: 'note',
  arms: 'arms',
  plan: 'plan',
  unit: 'unit',
  input: 'input',
  output: 'output',
  error: 'error',
};

export const operatorsOf = (field: string): readonly string[] => FITTING[typeOfField(field) ?? 'text'];

export const FILTERED = Object.keys(NAMES).filter((name) => name !== 'question');
