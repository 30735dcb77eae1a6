-- Vectors of passages. An index is embedded with one model at a time; a model fitted to the index's own passages has an
-- id by its content, and old snapshots keep the model, and the vectors, that they were made with.

create table embedding (
  embedding_no int generated always as identity primary key,
  index_id int not null references search_index,
  -- `provider/model`, or `provider/model:fit`.
  model text collate "C" not null,
  dimensions int not null check (dimensions between 1 and 4000),
  -- Whether there is an HNSW graph, `passage_vector_graph_<embedding_no>`: an index over these vectors alone.
  has_graph boolean not null default false,
  unique (index_id, model)
);

-- What a model must be given to be used again: a fit, cut into parts.
create table embedding_part (
  embedding_no int not null references embedding,
  part int not null,
  body bytea not null,
  primary key (embedding_no, part)
);
alter table embedding_part alter column body set storage external;

-- Never changed. `from_sequence` is the passage's.
create table passage_vector (
  embedding_no int not null,
  passage_no bigint not null,
  from_sequence int not null,
  -- Null where the model can say nothing of the passage.
  vector vector,
  primary key (embedding_no, passage_no)
);

-- What the passages of a build or snapshot are embedded with; null: nothing. `fitted_sequence` is the snapshot whose
-- passages the model was fitted to.
alter table build add column embedding_no int references embedding, add column fitted_sequence int;
alter table snapshot add column embedding_no int references embedding, add column fitted_sequence int;
