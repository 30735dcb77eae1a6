-- What is served, experiments on it, whom they met, what came of it, and what was decided.

-- One row per change; the last of a pipeline is what its name serves.
create table deployment (
  pipeline text collate "C" not null,
  deployment_no int not null,
  plan_id text collate "C" not null references plan,
  -- The variant in code that it was, where it was one.
  variant text,
  -- [{experiment, variant, edits}]: what experiments have won, oldest first; the plan has them.
  promoted json not null,
  -- The part of all units that is in no experiment and no rollout.
  hold_out float8 not null default 0,
  kind text not null check (kind in ('deploy', 'rollback', 'promote')),
  by text not null,
  why text not null,
  at timestamptz not null,
  primary key (pipeline, deployment_no)
);

-- Counts the changes to what a pipeline serves: whoever keeps that in memory asks for this alone. Whoever changes it locks
-- the row first, so that changes are one after the other.
create table serving (
  pipeline text collate "C" primary key,
  version bigint not null
);

create table audit (
  audit_no bigint generated always as identity primary key,
  at timestamptz not null,
  who text not null,
  action text not null,
  subject text collate "C" not null,
  was json,
  is_now json,
  why text not null,
  -- Of the call that made the change: a transaction that is repeated finds that it was made.
  change_id text collate "C" unique
);
create index audit_of_subject on audit (subject, audit_no);

create table experiment (
  -- The definition's id; from its second time on, with a number: rerank, rerank.2.
  experiment_id text collate "C" primary key,
  name text collate "C" not null,
  pipeline text collate "C" not null,
  kind text not null check (kind in ('experiment', 'rollout')),
  -- ExperimentSpec and FrozenSettings, as text that is parsed, so that hashes hold.
  spec json not null,
  settings json not null,
  state text not null,
  -- Why it is in that state: the rule that decided, or what somebody said.
  reason text,
  -- Its part of the hash space of its layer, or of its own.
  range_from float8 not null,
  range_to float8 not null,
  -- Variants that are not served any more, by name.
  stopped json not null default '[]',
  winner text,
  -- The part of the units outside its share that gets the winner.
  ramp float8 not null default 0,
  stage smallint not null,
  -- The first stage of the rollout.
  rollout_stage smallint,
  -- Units that matured up to here are fixed.
  watermark timestamptz,
  started_by text not null,
  started_at timestamptz not null,
  ended_at timestamptz
);
create unique index experiment_live_name on experiment (name)
  where state in ('running', 'paused', 'halted', 'approving', 'rolling');
create index experiment_of_pipeline on experiment (pipeline, started_at desc);
create index experiment_live on experiment (pipeline)
  where state in ('running', 'paused', 'halted', 'approving', 'rolling');

-- All but the arm is constant within a stage.
create table experiment_stage (
  experiment_id text collate "C" not null references experiment,
  stage smallint not null,
  base_plan_id text collate "C" not null,
  deployment_no int not null,
  -- What else may change and is watched: {snapshots: {index: hash}}.
  facts json not null,
  why text not null,
  began_at timestamptz not null,
  primary key (experiment_id, stage)
);

-- That a unit met its arm. One per unit, the first.
create table exposure (
  experiment_id text collate "C" not null,
  unit text collate "C" not null,
  arm smallint not null,
  stage smallint not null,
  probability float8 not null,
  -- Null: analysed. 'two_arms', or 'override'.
  excluded text,
  run_id text collate "C" not null,
  exposed_at timestamptz not null,
  primary key (experiment_id, unit)
);
create index exposure_by_time on exposure (experiment_id, exposed_at) include (stage, arm, excluded);

-- Every delivery of every outcome, as it came.
create table outcome (
  experiment_id text collate "C" not null,
  unit text collate "C" not null,
  metric smallint not null,
  run_id text collate "C" not null,
  delivery_id text collate "C" not null,
  -- Of the run: the breaker counts runs.
  arm smallint not null,
  -- Millionths; d is the denominator of a ratio.
  v bigint not null,
  d bigint not null default 0,
  at timestamptz not null,
  received_at timestamptz not null,
  primary key (experiment_id, unit, metric, run_id, delivery_id)
);

-- Outcomes of a unit within its window, summed up as they come. Fixed once the unit has matured.
create table unit_metric (
  experiment_id text collate "C" not null,
  unit text collate "C" not null,
  metric smallint not null,
  stage smallint not null,
  arm smallint not null,
  matures_at timestamptz not null,
  -- Outcomes that count, and their sums.
  n int not null,
  v bigint not null,
  d bigint not null,
  -- The unit's value, which is made of them; null without outcomes.
  x bigint,
  -- Deliveries of all kinds; those received too late; those that happened outside the window.
  deliveries int not null,
  late int not null,
  outside int not null,
  primary key (experiment_id, unit, metric)
) with (fillfactor = 75);
create index unit_metric_matured on unit_metric (experiment_id, metric, matures_at);

-- Runs and failed ones by arm, in windows that begin anew.
create table breaker_count (
  experiment_id text collate "C" not null,
  arm smallint not null,
  window_no int not null,
  requests int not null,
  failures int not null,
  primary key (experiment_id, arm, window_no)
);

-- What was decided and what it rests on. Only added to.
create table ledger (
  experiment_id text collate "C" not null,
  entry_no int not null,
  -- 'start', 'look', 'stage', 'act': looks have a number of their own, which no other entry can have again.
  kind text not null,
  look_no int,
  at timestamptz not null,
  content text not null,
  -- Of the call that added it, as in audit.
  change_id text collate "C" unique,
  primary key (experiment_id, entry_no),
  unique (experiment_id, look_no)
);
create function ledger_is_only_added_to() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is only added to' using errcode = 'restrict_violation';
end
$$;
create trigger ledger_kept before update or delete or truncate on ledger
  for each statement execute function ledger_is_only_added_to();

-- What people said of a run's answer.
create table feedback (
  feedback_id text collate "C" primary key,
  run_id text collate "C" not null references run,
  -- 1, or -1.
  thumb smallint,
  score float8,
  note text,
  emoji text,
  fields json,
  -- Who said it, as the caller knows them.
  by text,
  is_simulated boolean not null default false,
  at timestamptz not null,
  received_at timestamptz not null
);
create index feedback_of_run on feedback (run_id);
create index feedback_newest on feedback (received_at desc, feedback_id desc);

-- Runs of sampled units that are to be scored in the background.
create table score_task (
  experiment_id text collate "C" not null,
  run_id text collate "C" not null,
  scorer text collate "C" not null,
  unit text collate "C" not null,
  -- 'queued', 'done', 'failed'.
  state text not null,
  tries smallint not null default 0,
  claimed_until timestamptz,
  error json,
  -- {field: value}
  scores json,
  finished_at timestamptz not null,
  primary key (experiment_id, run_id, scorer)
);
create index score_task_queued on score_task (experiment_id, finished_at) where state = 'queued';

-- [{experiment, arm, unit, stage, probability, excluded?}]; null where no experiment was on.
alter table run add column assignments json;

-- What the nodes of a run gave, so that it can be run again from any of them: JSON [{key, output}], compressed by zstd, since
-- passages go from node to node and are most of it.
create table node_output (
  run_id text collate "C" primary key references run,
  nodes int not null,
  body bytea not null
);
alter table node_output alter column body set storage external;
