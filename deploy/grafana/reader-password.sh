#!/bin/sh
# Gives the role of reader.sql its password, when PostgreSQL's container makes its database.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$TOCSIN_GRAFANA_POSTGRES_PASSWORD" <<'SQL'
ALTER ROLE tocsin_grafana PASSWORD :'password';
SQL
