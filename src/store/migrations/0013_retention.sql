-- Runs may lose what they were asked and gave, after some time or as somebody wishes, and keep all else: ids, times, arms,
-- outcomes and costs.

-- When, and whether by `retention` or `erasure`. Null: it is there.
alter table run add column content_removed_at timestamptz,
  add column content_removed_by text check (content_removed_by in ('retention', 'erasure'));
create index run_with_content on run (finished_at) where content_removed_at is null and finished_at is not null;
create index run_of_unit on run (unit) where unit is not null;

-- Payloads are shared by all that put them, and are known by when one was put last: runs that did so before have ended.
-- Those of evaluations stay with the memo, and so do all that are here by now, as nobody can tell whose they are.
alter table payload add column put_at timestamptz, add column is_kept boolean not null default true;
update payload set put_at = created_at;
alter table payload alter column put_at set default clock_timestamp(), alter column put_at set not null,
  alter column is_kept set default false;
create index payload_unkept on payload (put_at) where not is_kept;
