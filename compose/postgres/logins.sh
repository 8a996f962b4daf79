#!/bin/sh
# Makes TaskFlow's database and its two logins in an empty PostgreSQL, and gives the logins the passwords
# that the secrets hold now; run it again to change those.
# The owner migrates, backs up and restores. The services' login owns nothing and inherits nothing:
# it may only take on their roles, which `taskflow migrate --grant-to` lets it do.
set -eu
# The passwords are read by psql itself, so that they are on no command line.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set owner `cat "$OWNER_PASSWORD_FILE"`
\set service `cat "$SERVICE_PASSWORD_FILE"`
SELECT 'CREATE ROLE taskflow_owner LOGIN CREATEDB CREATEROLE'
 WHERE to_regrole('taskflow_owner') IS NULL \gexec
SELECT 'CREATE ROLE taskflow_service LOGIN NOINHERIT'
 WHERE to_regrole('taskflow_service') IS NULL \gexec
ALTER ROLE taskflow_owner PASSWORD :'owner';
ALTER ROLE taskflow_service PASSWORD :'service';
SELECT 'CREATE DATABASE taskflow OWNER taskflow_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'taskflow') \gexec
SQL
