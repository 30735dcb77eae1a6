-- Recorded runs, run again under a variant: backtests, and shadows of live runs. Nothing of them is ever served.

create table rerun (
  rerun_id text collate "C" primary key,
  kind text not null check (kind in ('backtest', 'shadow')),
  pipeline text collate "C" not null,
  variant text not null,
  -- RerunSpec: edits, from which node on, scorers and metrics; as text that is parsed.
  spec json not null,
  -- Of a shadow: the part of the runs that is repeated.
  share float8,
  state text not null check (state in ('running', 'completed', 'out_of_budget', 'stopped', 'failed')),
  error json,
  -- Null: no limit.
  budget_usd numeric(24, 12),
  -- Runs of a shadow's share that were left out, as too many were waiting.
  left_out bigint not null default 0,
  started_by text not null,
  started_at timestamptz not null,
  ended_at timestamptz
);
create index rerun_newest on rerun (started_at desc, rerun_id desc);
create index rerun_shadowing on rerun (rerun_id) where kind = 'shadow' and state = 'running';

-- One row per run that is to be run again.
create table rerun_result (
  rerun_id text collate "C" not null references rerun on delete cascade,
  run_id text collate "C" not null,
  -- Who works on a part of them takes those whose number leaves a remainder of its own.
  run_no int not null,
  state text not null check (state in ('queued', 'done', 'failed', 'skipped')),
  -- Whether the answer is another one.
  is_changed boolean,
  -- {outcome, error, output, run, cells} of either side; the output of what was served is with its run.
  served json,
  variant json,
  calls_reused int not null default 0,
  calls_made int not null default 0,
  -- Why it is failed or skipped: {code, message}.
  error json,
  ended_at timestamptz,
  primary key (rerun_id, run_id)
);
create index rerun_queued on rerun_result (rerun_id, run_no) where state = 'queued';
