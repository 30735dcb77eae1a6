-- Units of which a run ended before they were exposed: the first such run of each. With the exposed units they are all that
-- were assigned.
create table unexposed_unit (
  experiment_id text collate "C" not null,
  unit text collate "C" not null,
  arm smallint not null,
  stage smallint not null,
  at timestamptz not null,
  primary key (experiment_id, unit)
);
create index unexposed_unit_by_time on unexposed_unit (experiment_id, at);
