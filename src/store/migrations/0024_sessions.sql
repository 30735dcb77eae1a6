-- Sessions of the dashboard. Each is begun with an API key, and ends with it at the latest.
create table api_session (
  -- SHA-256 of the session's id: 256 random bits, which the cookie of one browser holds alone.
  id_hash text collate "C" primary key,
  key_id text collate "C" not null references api_key (key_id),
  created_at timestamptz not null,
  ends_at timestamptz not null
);
create index api_session_key on api_session (key_id, created_at);
create index api_session_end on api_session (ends_at);
