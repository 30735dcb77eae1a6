-- What a trace shows beside the node runs: attempts that did not simply succeed, what providers were asked and answered,
-- and which traces are still to be sent to an OpenTelemetry receiver.

-- An attempt at a node run's call that failed, or was not the first: a first one that succeeds is told by its node run
-- alone. One whose worker was killed leaves no row, and is known by the gap in the numbers.
-- `error` is {code, message, remedy?, data?}.
create table attempt (
  run_id text collate "C" not null references run on delete cascade,
  key text collate "C" not null,
  call text not null check (call in ('step', 'fallback')),
  attempt int not null,
  step text collate "C" not null,
  outcome text not null check (outcome in ('completed', 'failed', 'cancelled')),
  -- Who made it, as Temporal names workers: pid@host.
  worker text not null,
  started_at timestamptz not null,
  duration_ms float8 not null,
  queued_ms float8 not null,
  error json,
  primary key (run_id, key, call, attempt)
);

-- The request as sent, and what came back: JSON compressed by zstd, at most 64 KB each before that; null where it is not
-- kept (evaluations, whose memo has the results), or has been removed.
alter table provider_call add column request bytea, add column response bytea;
alter table provider_call alter column request set storage external, alter column response set storage external;

-- Traces to be sent: of a run that has ended (`part` is ''), or of feedback on one (its id). Sent ones are deleted.
create table trace_export (
  run_id text collate "C" not null references run on delete cascade,
  part text collate "C" not null,
  -- Claims included: a worker that dies leaves the next try to another when its claim has passed.
  tries int not null default 0,
  noted_at timestamptz not null default clock_timestamp(),
  next_at timestamptz not null default clock_timestamp(),
  -- What the receiver said last.
  error text,
  primary key (run_id, part)
);
create index trace_export_next on trace_export (next_at);

-- One row: whether traces are sent at all (workers that do say so again and again), and what became of them.
create table trace_exporter (
  is_only boolean primary key default true check (is_only),
  wanted_until timestamptz not null default '-infinity',
  exported bigint not null default 0,
  left_out bigint not null default 0,
  failed bigint not null default 0
);
insert into trace_exporter default values;

-- Triggers, so that whoever ends a run or adds feedback notes it in the same statement: nothing can come between.
create function sluice_note_run() returns trigger language plpgsql as $$
begin
  insert into trace_export (run_id, part)
  select new.run_id, '' from trace_exporter where wanted_until > clock_timestamp() on conflict do nothing;
  return null;
end $$;
create trigger run_ended after update of state on run for each row
  when (old.state = 'running' and new.state <> 'running') execute function sluice_note_run();

create function sluice_note_feedback() returns trigger language plpgsql as $$
begin
  insert into trace_export (run_id, part)
  select new.run_id, new.feedback_id from trace_exporter where wanted_until > clock_timestamp() on conflict do nothing;
  return null;
end $$;
create trigger feedback_given after insert on feedback for each row execute function sluice_note_feedback();
