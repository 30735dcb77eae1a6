-- What a request said beside its input, before settings and experiments complete it: its budget, and whether it named a unit,
-- which is in `unit`. A request that is repeated with its idempotency key says the same. Null: the run is from before.
alter table run add column request json;
