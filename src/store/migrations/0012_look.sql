-- What a look reads of a unit comes first in its row, of a fixed width, and what can be worked out once is not worked out by
-- every look: the key that a look groups by, and squares, which are sums of whole numbers then.

create table unit_metric_new (
  matures_at timestamptz not null,
  -- The unit's value, which is made of n, v and d; null without outcomes.
  x bigint,
  -- Its square, of which a bigint is too small: x * x = xx_high * 2^62 + xx_low. Null is 0, and costs a look nothing.
  xx_low bigint generated always as (
    case when x between -3037000499 and 3037000499 then x * x else (x::numeric * x % 4611686018427387904)::bigint end
  ) stored,
  -- Metric, stage and arm in one number: of the width that the embedded database, too, has in a register.
  cell int not null generated always as (metric * 1048576 + stage * 256 + arm) stored,
  -- Of all kinds.
  deliveries int not null,
  experiment_id text collate "C" not null,
  xx_high bigint generated always as (
    case when x not between -3037000499 and 3037000499 then div(x::numeric * x, 4611686018427387904)::bigint end
  ) stored,
  metric smallint not null check (metric between 0 and 2047),
  stage smallint not null check (stage between 0 and 4095),
  arm smallint not null check (arm between 0 and 255),
  unit text collate "C" not null,
  -- Outcomes that count, and their sums.
  n int not null,
  v bigint not null,
  d bigint not null,
  -- Deliveries received too late; those that happened outside the window.
  late int not null,
  outside int not null
) with (fillfactor = 85);

insert into unit_metric_new
  (experiment_id, unit, metric, stage, arm, matures_at, n, v, d, x, deliveries, late, outside)
select experiment_id, unit, metric, stage, arm, matures_at, n, v, d, x, deliveries, late, outside from unit_metric;

drop table unit_metric;
alter table unit_metric_new rename to unit_metric;
alter table unit_metric add constraint unit_metric_pkey primary key (experiment_id, unit, metric);
create index unit_metric_matured on unit_metric (experiment_id, metric, matures_at);
-- Hardly any row has some, and a look need not add up zeros.
create index unit_metric_not_applied on unit_metric (experiment_id) where late > 0 or outside > 0;
