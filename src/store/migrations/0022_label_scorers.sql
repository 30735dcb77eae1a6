-- Labels, decisions and queues are of one scorer: its pipeline, its id, and its version, which is the hash of its
-- definition. Another pipeline's scorer of the same id is another, and so is one that is defined otherwise.
-- An empty pipeline and version: of no scorer that is known. Such labels count for none.

alter table label
  add column pipeline text collate "C" not null default '',
  add column version text collate "C" not null default '',
  drop constraint label_pkey;
alter table adjudication
  add column pipeline text collate "C" not null default '',
  add column version text collate "C" not null default '',
  drop constraint adjudication_pkey;
alter table review_queue
  add column pipeline text collate "C" not null default '',
  add column version text collate "C" not null default '';

-- Who has scored what people have spoken of. What was said before counted for each of them, and so it does now.
create table scored_subject as
with labelled as materialized (select scorer from label union select scorer from adjudication),
defined as materialized (
  select evaluation_id, spec->>'pipeline' as pipeline, defined->>'id' as scorer, defined->>'definitionHash' as version
  from evaluation cross join lateral json_array_elements(spec->'scorers') as defined
  where defined->>'id' in (select scorer from labelled)
)
select distinct pipeline, scorer, version, cells->scorer->>'subject' as subject
from defined join evaluation_result using (evaluation_id)
where cells->scorer->>'subject' is not null and pipeline is not null and version is not null;
analyze scored_subject;

insert into label (pipeline, version, scorer, subject, rater, value, note, labelled_at)
select found.pipeline, found.version, label.scorer, label.subject, rater, value, note, labelled_at
from label join scored_subject as found using (scorer, subject);
delete from label where pipeline = '' and exists (
  select from scored_subject as found where (found.scorer, found.subject) = (label.scorer, label.subject)
);

insert into adjudication (pipeline, version, scorer, subject, value, note, by, at)
select found.pipeline, found.version, adjudication.scorer, adjudication.subject, value, note, by, at
from adjudication join scored_subject as found using (scorer, subject);
delete from adjudication where pipeline = '' and exists (
  select from scored_subject as found where (found.scorer, found.subject) = (adjudication.scorer, adjudication.subject)
);
drop table scored_subject;

update review_queue set (pipeline, version) = (
  select coalesce(spec->>'pipeline', ''), coalesce((
    select defined->>'definitionHash' from json_array_elements(spec->'scorers') as defined
    where defined->>'id' = review_queue.scorer limit 1
  ), '')
  from evaluation where evaluation.evaluation_id = review_queue.evaluation_id
);

alter table label
  alter column pipeline drop default,
  alter column version drop default,
  add primary key (scorer, subject, pipeline, version, rater);
alter table adjudication
  alter column pipeline drop default,
  alter column version drop default,
  add primary key (scorer, subject, pipeline, version);
alter table review_queue alter column pipeline drop default, alter column version drop default;
