/** What runs can be filtered, sorted and drawn by: a name for each, its type, and where it is. */

export type FieldType = 'text' | 'number' | 'time';

export interface RunField {
  readonly type: FieldType;
  /** An expression over `run`. `$n` parameters that it needs are in `params`, in order, written as `?`. */
  readonly sql: string;
  readonly params?: readonly string[];
}

const ofCalls = (sum: string): string =>
  `(select ${sum} from provider_call c where c.run_id = run.run_id and c.${sum.includes('cost') ? 'cost_usd' : 'input_tokens'} is not null)`;
const ofFeedback = (value: string): string => `(select ${value} from feedback f where f.run_id = run.run_id)`;

const FIELDS: { readonly [name: string]: RunField } = {
  run: { type: 'text', sql: 'run.run_id' },
  pipeline: { type: 'text', sql: 'run.pipeline' },
  state: { type: 'text', sql: 'run.state' },
  plan: { type: 'text', sql: 'run.plan_id' },
  unit: { type: 'text', sql: 'run.unit' },
  arms: { type: 'text', sql: "nullif(run.arms::text, '{}')" },
  input: { type: 'text', sql: 'run.input::text' },
  output: { type: 'text', sql: "nullif(run.output::text, 'null')" },
  error: { type: 'text', sql: "run.error->>'code'" },
  started: { type: 'time', sql: 'run.started_at' },
  latencyMs: { type: 'number', sql: '(1000 * extract(epoch from run.finished_at - run.started_at))::float8' },
  costUsd: { type: 'number', sql: ofCalls('sum(cost_usd)::float8') },
  tokens: { type: 'number', sql: ofCalls('sum(input_tokens + coalesce(output_tokens, 0))::float8') },
  thumb: { type: 'number', sql: ofFeedback('avg(f.thumb)::float8') },
  score: { type: 'number', sql: ofFeedback('avg(f.score)') },
  note: { type: 'text', sql: ofFeedback("string_agg(f.note, ' ')") },
};

export const RUN_FIELDS: readonly string[] = Object.keys(FIELDS);

/** `monitor:grounded:score`: the newest score of a monitor of that name. */
const MONITORED = /^monitor:([A-Za-z0-9_-]{1,100}):([A-Za-z0-9_-]{1,100})$/;

/** Undefined where there is no such field. */
export function runField(name: string): RunField | undefined {
  if (Object.hasOwn(FIELDS, name)) return FIELDS[name];
  const [, monitor, field] = MONITORED.exec(name) ?? [];
  if (monitor === undefined || field === undefined) return undefined;
  return {
    type: 'number',
    sql: `(select case s.scores->>? when 'true' then 1 when 'false' then 0 else (s.scores->>?)::float8 end
      from monitor_score s join monitor m using (monitor_id)
      where s.run_id = run.run_id and m.name = ? and s.state = 'done' order by m.version desc limit 1)`,
    params: [field, field, monitor],
  };
}
