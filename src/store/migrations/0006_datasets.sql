-- Datasets: named, in immutable versions that share their examples.

-- An example under the hash of its content, whatever versions hold it.
create table example (
  hash text collate "C" primary key,
  body json not null
);

-- Which examples a version holds, under the version's own hash, which is that of its content: datasets share them, too.
-- Written before the version, so rows of an import that was cut short may stand here; nothing names them.
create table version_example (
  version text collate "C" not null,
  example_id text collate "C" not null,
  example_hash text collate "C" not null references example,
  primary key (version, example_id)
);

create table dataset (
  name text collate "C" primary key,
  -- The version that the name means: the one that was imported last.
  current_version text collate "C",
  created_at timestamptz not null
);

create table dataset_version (
  dataset text collate "C" not null references dataset,
  version text collate "C" not null,
  -- From 1, in the order in which they were made.
  sequence int not null,
  examples int not null,
  -- What it was made from, in words.
  origin text not null,
  created_at timestamptz not null,
  primary key (dataset, version),
  unique (dataset, sequence)
);

-- Each use of a final split: one per purpose, so that nobody chooses by it. Known by the content of the split, which
-- stays the same when examples are added to the other.
create table final_use (
  split_hash text collate "C" not null,
  purpose text collate "C" not null,
  dataset text collate "C" not null,
  version text collate "C" not null,
  used_by text not null,
  plan_ids json not null,
  evaluation_id text not null,
  used_at timestamptz not null,
  primary key (split_hash, purpose)
);
