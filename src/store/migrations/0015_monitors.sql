-- Monitors: a sample of a pipeline's live runs, scored in the background for as long as somebody wants it.

-- One row per definition that was ever started, by name and version: an edited one is a new version.
create table monitor (
  -- grounded@1
  monitor_id text collate "C" primary key,
  name text collate "C" not null,
  version int not null,
  pipeline text collate "C" not null,
  -- MonitorSpec, as text that is parsed, and the hash of it.
  spec json not null,
  spec_hash text not null,
  state text not null check (state in ('running', 'stopped')),
  -- How often it was started: each time has a workflow of its own.
  starts int not null default 1,
  started_by text not null,
  started_at timestamptz not null,
  stopped_at timestamptz,
  -- Why it is stopped.
  reason text,
  -- What its window says: 'unknown' where there is too little to say, or nothing is asked.
  alert text not null default 'unknown' check (alert in ('unknown', 'ok', 'alerting')),
  alert_since timestamptz,
  alert_no int not null default 0,
  unique (name, version),
  unique (name, spec_hash)
);
create unique index monitor_running on monitor (name) where state = 'running';
create index monitor_of_pipeline on monitor (pipeline) where state = 'running';

-- Runs that monitors have met: one that is recorded twice is counted once.
create table monitored_run (
  run_id text collate "C" primary key references run on delete cascade
);

-- One row per sampled run: what it waits for, and what came of it.
create table monitor_score (
  monitor_id text collate "C" not null references monitor,
  run_id text collate "C" not null references run on delete cascade,
  -- `skipped`: never asked, for money, for want of room, or as the monitor was stopped.
  state text not null check (state in ('queued', 'done', 'failed', 'skipped')),
  tries smallint not null default 0,
  claimed_until timestamptz,
  -- {field: value}
  scores json,
  -- What the scorer said beside its scores, such as a judge's reason.
  detail json,
  -- Why it is failed or skipped: {code, message}.
  error json,
  -- When the run ended.
  finished_at timestamptz not null,
  scored_at timestamptz,
  primary key (monitor_id, run_id)
);
create index monitor_score_queued on monitor_score (monitor_id, finished_at) where state = 'queued';
create index monitor_score_window on monitor_score (monitor_id, finished_at desc);
create index monitor_score_of_run on monitor_score (run_id);

-- What has become of how many, by the hour in which it did: sums that need no look at the rows.
create table monitor_count (
  monitor_id text collate "C" not null references monitor,
  hour timestamptz not null,
  -- Runs that ended and match; those of them that the hash has chosen.
  triggered bigint not null default 0,
  sampled bigint not null default 0,
  -- What came of those: what is left of them waits.
  scored bigint not null default 0,
  failed bigint not null default 0,
  over_budget bigint not null default 0,
  over_queue bigint not null default 0,
  stopped bigint not null default 0,
  last_scored_at timestamptz,
  primary key (monitor_id, hour)
);

-- What a monitor may spend on one day, in UTC. Its calls are paid by it, under this name.
create table monitor_day (
  -- grounded@1/2026-03-01
  paid_by text collate "C" primary key,
  monitor_id text collate "C" not null references monitor,
  -- Null: no limit.
  budget_usd numeric(24, 12),
  -- When a call first found no room in it: no further runs are sampled on this day.
  exhausted_at timestamptz
);

-- Each change of what the window says.
create table monitor_alert (
  monitor_id text collate "C" not null references monitor,
  alert_no int not null,
  at timestamptz not null,
  was text not null,
  is_now text not null,
  -- {field, n, mean, lo, hi, sampled, threshold...}: what it was decided from.
  evidence json not null,
  -- When whoever is to be told has taken it; or why they could not be told.
  delivered_at timestamptz,
  error json,
  primary key (monitor_id, alert_no)
);
create index monitor_alert_untold on monitor_alert (monitor_id, alert_no) where delivered_at is null and error is null;
