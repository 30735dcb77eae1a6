-- The variant in code that a run was asked for; null where the pipeline itself was asked, and in runs of before.
alter table run add column variant text collate "C";
