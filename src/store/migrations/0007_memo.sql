-- The memo: what a step gave for one config and one input, so that equal calls of an evaluation are made once. It is also
-- the evaluation's checkpoint: what is stored here is not made again.

-- A row without an outcome is a claim: its owner makes the call, as long as that owner lives.
create table memo (
  key bytea primary key,
  owner_id uuid not null,
  -- {value} or {failure}. As text that is parsed, not jsonb: what is read must be what was made, order of keys included.
  outcome json,
  attempts int,
  duration_ms float8,
  -- Whose call it was, as `provider_call` knows it: what it cost is the sum over those rows.
  run_id text collate "C",
  call_key text collate "C",
  -- When it was claimed, and then when it was stored.
  changed_at timestamptz not null
) with (fillfactor = 70);

-- Who makes calls: one row for all claims of a chunk, since a call may take longer than a lease. No row: not alive.
create table memo_owner (
  owner_id uuid primary key,
  alive_until timestamptz not null
);

-- The implementation that a step's values are from, so that one changed under an unchanged version is noticed.
create table memo_step (
  step text collate "C" primary key,
  digest text not null,
  since timestamptz not null
);

-- What one call has cost is asked for thousands of calls of one evaluation.
create index provider_call_of_key on provider_call (run_id, key);
