-- Parts of the state that may still hold, in space that is free by now, what an erasure has removed: tables by name, and
-- `temporal`. An erasure that is broken off leaves them to the next.
create table pending_rewrite (
  part text collate "C" primary key,
  since timestamptz not null default clock_timestamp()
);
