-- Units are assigned by `src/model/assign.ts` alone; no query ever called these.
drop function sluice_assign(text, text, bigint, bigint, text, bigint[]);
drop function sluice_murmur3(bytea);
