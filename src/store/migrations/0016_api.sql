-- Keys of the HTTP API, and whose run is whose.

create table api_key (
  key_id text collate "C" primary key,
  name text not null,
  -- SHA-256 of the secret, which is 256 random bits: nothing to guess, so nothing to slow guesses down for.
  secret_hash text not null,
  scopes json not null,
  -- Keys of one owner see each other's runs.
  owner text collate "C" not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

-- Who asked for the run through the API; null: not through it.
alter table run add column owner text collate "C";
