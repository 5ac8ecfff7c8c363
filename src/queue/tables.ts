import type { Database } from './database.ts'

/**
 * `run` and `cell` say what is to be done and who does it; `message` carries what was found out back to who asked for it.
 * Text instead of jsonb: what guests say may hold characters that jsonb refuses.
 */
const TABLES = `
CREATE SCHEMA IF NOT EXISTS harness;
CREATE TABLE IF NOT EXISTS harness.run (
  id text PRIMARY KEY,
  settings text NOT NULL,
  cancelled boolean NOT NULL DEFAULT false,
  seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS harness.cell (
  run_id text NOT NULL REFERENCES harness.run ON DELETE CASCADE,
  cell text NOT NULL,
  plan text NOT NULL,
  claim integer NOT NULL DEFAULT 0,
  past text,
  worker text,
  done boolean NOT NULL DEFAULT false,
  PRIMARY KEY (run_id, cell)
);
CREATE TABLE IF NOT EXISTS harness.message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL,
  cell text NOT NULL,
  kind text NOT NULL,
  body text NOT NULL,
  data bytea,
  FOREIGN KEY (run_id, cell) REFERENCES harness.cell ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS message_of_run ON harness.message (run_id, id);
CREATE TABLE IF NOT EXISTS harness.input (
  run_id text NOT NULL REFERENCES harness.run ON DELETE CASCADE,
  path text NOT NULL,
  piece integer NOT NULL,
  mode integer NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (run_id, path, piece)
);
`

/** Makes the tables that are missing. Many processes may do so at once. */
export async function makeTables(database: Database): Promise<void> {
  await database.transaction(async (query) => {
    await query(`SELECT pg_advisory_xact_lock(hashtext('harness tables'))`)
    await query(TABLES)
  })
}
