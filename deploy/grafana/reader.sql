-- A role for Grafana that may read Tocsin's tables and nothing else. Run it once in Tocsin's database, as the
-- role that owns the tables:   psql -d tocsin -f deploy/grafana/reader.sql
-- and then give it a password: psql -d tocsin -c '\password tocsin_grafana'
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tocsin_grafana') THEN
    CREATE ROLE tocsin_grafana LOGIN;
  END IF;
END
$$;

-- A page over years must not hold the database: a query gives up after half a minute.
ALTER ROLE tocsin_grafana SET statement_timeout = '30s';
ALTER ROLE tocsin_grafana SET default_transaction_read_only = on;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tocsin_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO tocsin_grafana;
-- Tables that an upgrade of Tocsin adds.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO tocsin_grafana;
