-- Calls to paid providers, what a run may spend on them, and how often they may be made.

-- What a run may spend: {usd?, tokens?, deadlineMs?}. Null: as much as it takes.
alter table run add column budget json;

-- A node run costs what its calls cost: their sum, and nothing that is stored beside them.
alter table node_run drop column cost_usd;

-- A row is written before its call leaves, and completed afterwards; one that stays open was cut short by the end of its
-- process. Calls may belong to something else than a run, such as an ingest.
create table provider_call (
  call_id uuid primary key,
  -- Gives the order in which they left.
  call_no bigint generated always as identity,
  run_id text collate "C" not null,
  key text collate "C" not null,
  attempt int not null,
  -- The same for all attempts at one call of a node run; the fallback has another.
  idempotency_key text not null,
  provider text collate "C" not null,
  model text collate "C" not null,
  kind text not null check (kind in ('text', 'data', 'rerank', 'embed')),
  status text not null default 'open' check (status in ('open', 'done', 'failed', 'cut')),
  -- What it may take at most. Null where the price is unknown.
  reserved_tokens int not null,
  reserved_usd numeric,
  -- Whose numbers these are: the provider's, the tokenizer's, nobody's; `none`: it was refused, and nothing was made.
  usage text not null default 'unknown' check (usage in ('reported', 'estimated', 'unknown', 'none')),
  input_tokens int,
  cached_input_tokens int,
  output_tokens int,
  search_units int,
  -- Null where usage or price is unknown.
  cost_usd numeric,
  request_id text,
  error_code text,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);
create index provider_call_of_run on provider_call (run_id, call_no);

-- When the next call may leave, by the generic cell rate algorithm: one row per scope, and so one lock, for all workers.
create table rate_limit (
  scope text collate "C" primary key,
  -- No request before this, and none before tokens are paid off, and none while the provider has asked to wait.
  requests_at timestamptz not null default 'epoch',
  tokens_at timestamptz not null default 'epoch',
  held_until timestamptz not null default 'epoch',
  -- A serving call waits for a place among those under way: evaluation stands back until then.
  serving_until timestamptz not null default 'epoch',
  -- Calls under way: when each one's lease ends, in milliseconds since the epoch.
  leases jsonb not null default '{}'
);
