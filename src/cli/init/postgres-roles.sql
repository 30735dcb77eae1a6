-- A role for Sluice and one for Temporal, each with databases that the other cannot connect to. psql runs this file as
-- the administrator of an empty server, with both passwords in its environment.
\set ON_ERROR_STOP on
\getenv sluice_password SLUICE_POSTGRES_PASSWORD
\getenv temporal_password TEMPORAL_POSTGRES_PASSWORD

create role sluice login password :'sluice_password';
create role temporal login password :'temporal_password';

create database sluice owner sluice;
create database temporal owner temporal;
create database temporal_visibility owner temporal;

-- By default PUBLIC, which is every role, may connect to every database. Owners keep the right.
revoke connect, temporary on database sluice, temporal, temporal_visibility from public;

-- Sluice's role may not install an extension that PostgreSQL does not call trusted.
\connect sluice
create extension vector;
