/** What runs can be filtered by, and how: one list for the store, the API, the command line and the dashboard. */

export type FieldType = 'text' | 'number' | 'time';

const TYPES = {
  run: 'text',
  pipeline: 'text',
  variant: 'text',
  state: 'text',
  plan: 'text',
  unit: 'text',
  arms: 'text',
  input: 'text',
  output: 'text',
  error: 'text',
  started: 'time',
  latencyMs: 'number',
  costUsd: 'number',
  tokens: 'number',
  thumb: 'number',
  score: 'number',
  note: 'text',
} as const satisfies { readonly [field: string]: FieldType };

export type RunFieldName = keyof typeof TYPES;
export const RUN_FIELDS = Object.keys(TYPES) as readonly RunFieldName[];

/** `monitor:grounded:score`: the newest score of a monitor of that name. */
export const MONITORED = /^monitor:([A-Za-z0-9_-]{1,100}):([A-Za-z0-9_-]{1,100})$/;

/** Undefined where runs have no such field. */
export function typeOfField(name: string): FieldType | undefined {
  if (Object.hasOwn(TYPES, name)) return TYPES[name as RunFieldName];
  return MONITORED.test(name) ? 'number' : undefined;
}

export const OPERATORS = [
  ...['contains', 'equals', 'in', '=', '!=', '<', '<=', '>', '>=', 'is', 'after', 'before'],
  ...['is empty', 'is not empty'],
] as const;

/** Those that fit a type, the likeliest first. */
export const FITTING: { readonly [Type in FieldType]: readonly string[] } = {
  text: ['contains', 'equals', '!=', 'in', 'is', '=', 'is empty', 'is not empty'],
  number: ['<', '<=', '>', '>=', '=', '!=', 'in', 'is empty', 'is not empty'],
  time: ['after', 'before', 'is empty', 'is not empty'],
};

export interface RunCondition {
  readonly field: string;
  /** One of `OPERATORS`, which has to fit the type of the field. */
  readonly op: string;
  /** A list for `in`; milliseconds since the epoch for times; nothing for `is empty` and `is not empty`. */
  readonly value?: string | number | readonly (string | number)[];
}

export const needsValue = (op: string): boolean => op !== 'is empty' && op !== 'is not empty';

export interface RunSort {
  readonly by: string;
  readonly descending: boolean;
}

/** What lists of runs can show of each. */
export const RUN_COLUMNS = [
  ...['started', 'run', 'pipeline', 'state', 'question', 'latencyMs', 'costUsd', 'tokens', 'thumb', 'arms'],
  ...['plan', 'unit'],
] as const;

/** What they show unasked. */
export const SHOWN_COLUMNS: readonly string[] = [
  ...['started', 'pipeline', 'state', 'question', 'latencyMs', 'costUsd', 'tokens', 'thumb', 'arms'],
];

/** What a run was asked for: `docs-bot`, or of a variant `docs-bot:hyde`. */
export const askedFor = ({
  pipeline,
  variant,
}: {
  readonly pipeline: string;
  readonly variant: string | null;
}): string => (variant === null ? pipeline : `${pipeline}:${variant}`);
