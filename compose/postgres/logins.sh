#!/bin/sh
# Makes TaskFlow's database and its two logins, once, in an empty PostgreSQL.
# The owner migrates, backs up and restores. The services' login owns nothing and inherits nothing:
# it may only take on their roles, which `taskflow migrate --grant-to` lets it do.
set -eu
# The passwords are read by psql itself, so that they are on no command line.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set owner `cat "$OWNER_PASSWORD_FILE"`
\set service `cat "$SERVICE_PASSWORD_FILE"`
CREATE ROLE taskflow_owner LOGIN CREATEDB CREATEROLE PASSWORD :'owner';
CREATE ROLE taskflow_service LOGIN NOINHERIT PASSWORD :'service';
CREATE DATABASE taskflow OWNER taskflow_owner;
SQL
