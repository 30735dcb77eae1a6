-- How many passages hold a word: in snapshot s, the sum over the sequences up to s. A commit adds what it changed, so
-- that no search has to count.
create table term_count (
  index_id int not null,
  term text collate "C" not null,
  sequence int not null,
  -- Those that came, less those that went.
  passages int not null,
  primary key (index_id, term, sequence)
);

insert into term_count (index_id, term, sequence, passages)
select index_id, term, sequence, sum(change)
from (
  select index_id, term, from_sequence as sequence, 1 as change from posting
  where exists (select from snapshot where snapshot.index_id = posting.index_id and sequence = from_sequence)
  union all
  select posting.index_id, term, to_sequence, -1 from posting join passage using (passage_no) where to_sequence is not null
) as changes
group by index_id, term, sequence
having sum(change) <> 0;
