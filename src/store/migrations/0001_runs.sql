-- Plans, runs and node runs; large values set aside; who can run what; who may do what alone.
-- Names that are compared byte by byte are in collation "C": the same order on every server, and prefixes by index.

create extension if not exists vector;

-- Immutable and never deleted: a running or recorded run finds its steps' configs here.
create table plan (
  plan_id text collate "C" primary key,
  pipeline text collate "C" not null,
  body json not null,
  created_at timestamptz not null default now()
);

-- The claim check: values too large for a workflow's history, under the hash of their text.
create table payload (
  hash text collate "C" primary key,
  body text not null,
  created_at timestamptz not null default now()
);

create table run (
  run_id text collate "C" primary key,
  pipeline text collate "C" not null,
  plan_id text collate "C" not null,
  arms json not null,
  unit text,
  idempotency_key text,
  state text not null check (state in ('running', 'completed', 'degraded', 'failed', 'cancelled')),
  input json not null,
  output json,
  error json,
  started_at timestamptz not null,
  finished_at timestamptz
);
create index run_newest on run (started_at desc, run_id desc);
create index run_newest_of_pipeline on run (pipeline, started_at desc, run_id desc);
create index run_unfinished on run (started_at) where state = 'running';

create table node_run (
  -- Gives the order in which they were recorded.
  node_run_no bigint generated always as identity,
  run_id text collate "C" not null references run,
  key text collate "C" not null,
  node text not null,
  kind text not null,
  step text,
  call text,
  outcome text not null,
  attempts int not null,
  started_at timestamptz,
  duration_ms float8,
  queued_ms float8,
  cost_usd float8,
  bytes_in int,
  bytes_out int,
  error json,
  primary key (run_id, key)
);

create table worker (
  worker_id text collate "C" not null,
  task_queue text collate "C" not null,
  steps json not null,
  expires_at timestamptz not null,
  primary key (worker_id, task_queue)
);
