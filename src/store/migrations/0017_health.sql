-- When things last went on, so that what stands still can be told from what is slow; and calls by time, to sum up a day.

-- Null: not since this is kept.
alter table evaluation_tally add column progressed_at timestamptz;
-- When it was scored, or given up.
alter table score_task add column ended_at timestamptz;
create index score_task_ended on score_task (experiment_id, ended_at) where ended_at is not null;
create index provider_call_newest on provider_call (started_at);
