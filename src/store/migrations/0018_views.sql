-- What screens show, saved under a name, for everybody.

create table saved_view (
  screen text collate "C" not null,
  name text not null,
  view json not null,
  by text not null,
  at timestamptz not null,
  primary key (screen, name)
);
