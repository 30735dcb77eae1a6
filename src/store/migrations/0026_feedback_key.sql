-- The API key that sent the feedback, whoever it names in `by`. Null: it came another way, or is from before.
alter table feedback add column key_id text collate "C";
