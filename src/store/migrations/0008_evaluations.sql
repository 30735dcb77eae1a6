-- Evaluations: what was asked, what was found, what people say of it, and what was locked before anyone looked.

create table evaluation (
  evaluation_id text collate "C" primary key,
  name text collate "C" not null,
  -- EvaluationSpec; as text that is parsed, so that its hash is the same when it is read.
  spec json not null,
  -- EvaluationPins, once the workers have fixed them.
  pins json,
  state text not null,
  error json,
  -- Null: no limit.
  budget_usd numeric(24, 12),
  started_by text not null,
  created_at timestamptz not null,
  finished_at timestamptz
);
create index evaluation_newest on evaluation (created_at desc, evaluation_id desc);
create index evaluation_newest_of_name on evaluation (name, created_at desc, evaluation_id desc);

-- One row per example, variant and repeat, with a cell per scorer.
create table evaluation_result (
  evaluation_id text collate "C" not null references evaluation on delete cascade,
  example_id text collate "C" not null,
  variant smallint not null,
  repeat smallint not null,
  outcome text not null,
  error json,
  output json,
  run json not null,
  cells json not null,
  calls json not null,
  -- Cells by state, and calls made now or shared: what progress sums up.
  cells_done smallint not null,
  cells_failed smallint not null,
  cells_missing smallint not null,
  -- Whether another try may fill a cell that is missing.
  is_resumable boolean not null,
  calls_made int not null,
  calls_shared int not null,
  -- What the run's calls cost when they were made, whoever paid. Null where that is not known.
  cost_usd numeric,
  primary key (evaluation_id, example_id, variant, repeat)
);

-- Sums over an evaluation's results, for whoever watches it: its rows are many, and wide. Written with the results, by
-- whoever has locked this row.
create table evaluation_tally (
  evaluation_id text collate "C" primary key references evaluation on delete cascade,
  -- How many results there are in the end.
  total bigint not null,
  results bigint not null default 0,
  cells_done bigint not null default 0,
  cells_failed bigint not null default 0,
  cells_missing bigint not null default 0,
  calls_made bigint not null default 0,
  calls_shared bigint not null default 0,
  cost_usd numeric not null default 0,
  -- Results with a cell that is missing and may yet be filled.
  resumable bigint not null default 0
);

-- Sums over an evaluation's calls to providers, written with those: they are too many to be summed up for each that asks
-- for room in the budget. A row of its own, since results are written while calls are made.
create table evaluation_spending (
  evaluation_id text collate "C" primary key references evaluation on delete cascade,
  calls bigint not null default 0,
  -- Calls whose cost is not known, as they are under way, cut, or of a model without a price.
  unknown_calls bigint not null default 0,
  -- Of the others.
  paid_usd numeric not null default 0,
  -- That, and the most that the unknown may have cost.
  committed_usd numeric not null default 0
);

-- What was declared before the first evaluation of a definition was run.
create table registration (
  name text collate "C" primary key,
  hash text not null,
  content json not null,
  evaluation_id text collate "C" not null,
  locked_at timestamptz not null
);

-- Comparisons made on the examples of one version: after many, they are no longer fresh evidence.
create table comparison (
  dataset_version text collate "C" not null,
  -- Hash of the two sides: looking at the same comparison again is not another one.
  sides text collate "C" not null,
  first_at timestamptz not null,
  primary key (dataset_version, sides)
);

-- What people say of what a scorer scores; one per rater and subject, the latest.
create table label (
  scorer text collate "C" not null,
  subject text collate "C" not null,
  rater text collate "C" not null,
  -- {field: value}
  value json not null,
  note text,
  labelled_at timestamptz not null,
  primary key (scorer, subject, rater)
);

-- The tags of the example, beside its place in the version: chunks of an evaluation are pages of the examples of a split,
-- and a page must not cost what reading all examples before it does.
alter table version_example add column tags text[] not null default '{}';
update version_example as member set tags = array(select json_array_elements_text(body->'tags'))
from example where hash = member.example_hash and body->'tags' is not null;
analyze version_example;
