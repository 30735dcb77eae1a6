-- Indexes of passages. A build's number is also the sequence of the snapshot it commits, so whatever it adds carries
-- `from_sequence`, and is visible in snapshot s where from_sequence <= s and (to_sequence is null or to_sequence > s).
-- What is never to be seen (replaced within its build, or of an abandoned one) has to_sequence = from_sequence.

create table search_index (
  index_id int generated always as identity primary key,
  name text collate "C" not null unique,
  created_at timestamptz not null default now()
);

create table build (
  index_id int not null references search_index,
  build int not null,
  settings_hash text collate "C" not null,
  owner text not null,
  state text not null check (state in ('open', 'committed', 'abandoned')),
  expires_at timestamptz not null,
  outcome json,
  primary key (index_id, build)
);
create unique index build_open on build (index_id) where state = 'open';

create table snapshot (
  index_id int not null references search_index,
  sequence int not null,
  hash text collate "C" not null,
  settings_hash text collate "C" not null,
  documents int not null,
  passages int not null,
  -- The sum of the passages' lengths in words: their average is BM25's.
  words bigint not null,
  created_at timestamptz not null default now(),
  primary key (index_id, sequence)
);

create table document (
  index_id int not null references search_index,
  document_id text collate "C" not null,
  from_sequence int not null,
  to_sequence int,
  -- The last build that met this version and left it as it is.
  seen_build int,
  content_hash text collate "C" not null,
  settings_hash text collate "C" not null,
  title text,
  url text,
  metadata json
);
create unique index document_version on document (index_id, document_id, from_sequence)
  where to_sequence is null or to_sequence > from_sequence;

create table passage (
  passage_no bigint generated always as identity primary key,
  index_id int not null references search_index,
  passage_id text collate "C" not null,
  document_id text collate "C" not null,
  from_sequence int not null,
  to_sequence int,
  ordinal int not null,
  text text not null,
  title text,
  heading text[] not null,
  url text,
  tokens int not null,
  -- Words as BM25 counts them: those of the text, and twice those of the title.
  words int not null
);
create index passage_of_document on passage (index_id, document_id);
create index passage_by_id on passage (index_id, passage_id);
create index passage_closed on passage (index_id, to_sequence) include (passage_no) where to_sequence is not null;

-- One row per word and passage, never changed: the index alone answers a query.
create table posting (
  index_id int not null,
  term text collate "C" not null,
  passage_no bigint not null,
  from_sequence int not null,
  frequency int not null,
  words int not null
);
create unique index posting_of_term on posting (index_id, term, passage_no) include (from_sequence, frequency, words);
