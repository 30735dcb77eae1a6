-- What domain experts are asked about the answers of an evaluation. What they say are labels.

create table review_queue (
  name text collate "C" primary key,
  -- Of the call that began it: a transaction that is made twice begins it once.
  start_id text not null,
  evaluation_id text not null references evaluation,
  scorer text collate "C" not null,
  kind text not null check (kind in ('fields', 'pair')),
  question text,
  guidelines text,
  -- As they were when it began.
  fields json not null,
  reviewers integer not null,
  items integer not null,
  -- Of the order in which the two answers of a pair are shown.
  seed bigint not null,
  started_by text not null,
  started_at timestamptz not null,
  closed_at timestamptz
);
create index review_queue_started on review_queue (started_at desc);

-- In the order in which they are asked.
create table review_item (
  queue text collate "C" not null references review_queue,
  place integer not null,
  subject text collate "C" not null,
  example_id text not null,
  variant integer not null,
  repeat integer not null,
  primary key (queue, place)
);

-- Who was given an item, for how long, and who cannot judge it.
create table review_turn (
  queue text collate "C" not null,
  place integer not null,
  reviewer text collate "C" not null,
  -- Null: reviewed, passed or given back.
  claimed_until timestamptz,
  -- Why it was passed.
  passed text,
  at timestamptz not null,
  primary key (queue, place, reviewer),
  foreign key (queue, place) references review_item
);

-- A decision between what raters say of a subject: it stands in place of their labels.
create table adjudication (
  scorer text collate "C" not null,
  subject text collate "C" not null,
  -- {field: value}
  value json not null,
  note text,
  by text not null,
  at timestamptz not null,
  primary key (scorer, subject)
);
