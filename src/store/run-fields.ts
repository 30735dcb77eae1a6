/** Where what runs are filtered, sorted and drawn by is. */
import { type FieldType, MONITORED, type RunFieldName, typeOfField } from '../model/run-fields.ts';

export interface RunField {
  readonly type: FieldType;
  /** An expression over `run`. `$n` parameters that it needs are in `params`, in order, written as `?`. */
  readonly sql: string;
  readonly params?: readonly string[];
}

const ofCalls = (sum: string): string =>
  `(select ${sum} from provider_call c where c.run_id = run.run_id and c.${sum.includes('cost') ? 'cost_usd' : 'input_tokens'} is not null)`;
const ofFeedback = (value: string): string => `(select ${value} from feedback f where f.run_id = run.run_id)`;

const SQL: { readonly [Name in RunFieldName]: string } = {
  run: 'run.run_id',
  pipeline: 'run.pipeline',
  variant: 'run.variant',
  state: 'run.state',
  plan: 'run.plan_id',
  unit: 'run.unit',
  arms: "nullif(run.arms::text, '{}')",
  input: 'run.input::text',
  output: "nullif(run.output::text, 'null')",
  error: "run.error->>'code'",
  started: 'run.started_at',
  latencyMs: '(1000 * extract(epoch from run.finished_at - run.started_at))::float8',
  costUsd: ofCalls('sum(cost_usd)::float8'),
  tokens: ofCalls('sum(input_tokens + coalesce(output_tokens, 0))::float8'),
  thumb: ofFeedback('avg(f.thumb)::float8'),
  score: ofFeedback('avg(f.score)'),
  note: ofFeedback("string_agg(f.note, ' ')"),
};

/** Undefined where there is no such field. */
export function runField(name: string): RunField | undefined {
  const type = typeOfField(name);
  if (type === undefined) return undefined;
  if (Object.hasOwn(SQL, name)) return { type, sql: SQL[name as RunFieldName] };
  const [, monitor, field] = MONITORED.exec(name)!;
  return {
    type,
    sql: `(select case s.scores->>? when 'true' then 1 when 'false' then 0 else (s.scores->>?)::float8 end
      from monitor_score s join monitor m using (monitor_id)
      where s.run_id = run.run_id and m.name = ? and s.state = 'done' order by m.version desc limit 1)`,
    params: [field!, field!, monitor!],
  };
}
