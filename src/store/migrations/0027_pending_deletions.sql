-- Erased runs whose history Temporal was asked to delete, and may still have. An erasure that is broken off leaves them to the
-- next, which waits for their end.
create table pending_deletion (run_id text collate "C" primary key);
insert into pending_deletion
  select run_id from run where content_removed_by = 'erasure' and exists (select from pending_rewrite where part = 'temporal');
