/**
 * What made the tables what they are, in order; a database remembers how many of these it has seen. An entry is never changed once
 * it was released: what is to be different gets a new one.
 * `INT8`, `REAL8` and `BYTES8` are named as the database names them; ids and texts sort by their bytes on both.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE submitter (id TEXT PRIMARY KEY, display TEXT NOT NULL, contact TEXT NOT NULL, docs_url TEXT, scopes TEXT NOT NULL, roles TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE credential (id TEXT PRIMARY KEY, submitter TEXT NOT NULL, kind TEXT NOT NULL, issuer TEXT, claims TEXT, not_after INT8 NOT NULL, revoked_at INT8, compromised_at INT8);
CREATE TABLE submission (id TEXT PRIMARY KEY, seq INT8 NOT NULL UNIQUE, kind TEXT NOT NULL, submitter TEXT NOT NULL, credential TEXT NOT NULL, received_at INT8 NOT NULL, bytes INT8 NOT NULL, prev_hash TEXT NOT NULL, entry_hash TEXT NOT NULL UNIQUE, signature TEXT NOT NULL);
CREATE INDEX submission_submitter ON submission (submitter, seq);
CREATE TABLE retraction (submission TEXT PRIMARY KEY, target TEXT NOT NULL, reason TEXT NOT NULL, at INT8 NOT NULL);
CREATE INDEX retraction_target ON retraction (target);
CREATE TABLE run (submission TEXT PRIMARY KEY, seq INT8 NOT NULL, run_id TEXT NOT NULL, submitter TEXT NOT NULL, harness TEXT NOT NULL, trigger_kind TEXT NOT NULL, trigger_url TEXT, part INT8 NOT NULL, parts INT8 NOT NULL, format TEXT NOT NULL, plan TEXT, started_at INT8 NOT NULL, duration_ms INT8 NOT NULL, status TEXT NOT NULL, cells INT8 NOT NULL);
CREATE INDEX run_id ON run (submitter, run_id, part);
CREATE TABLE image (digest TEXT NOT NULL, name TEXT NOT NULL, basis TEXT NOT NULL, distribution TEXT NOT NULL, release TEXT NOT NULL, architecture TEXT NOT NULL, variant TEXT NOT NULL, description TEXT NOT NULL, build TEXT NOT NULL, built_at INT8 NOT NULL, seq INT8 NOT NULL, PRIMARY KEY (digest, name));
CREATE INDEX image_builds ON image (name, built_at);
CREATE TABLE image_ref (platform TEXT NOT NULL, region TEXT NOT NULL, ref TEXT NOT NULL, digest TEXT NOT NULL, name TEXT NOT NULL, submission TEXT NOT NULL, PRIMARY KEY (platform, region, ref, digest, name));
CREATE INDEX image_ref_digest ON image_ref (digest);
CREATE TABLE image_packages (digest TEXT NOT NULL, name TEXT NOT NULL, submission TEXT NOT NULL, packages BYTES8 NOT NULL, PRIMARY KEY (digest, name));
CREATE TABLE plan (digest TEXT PRIMARY KEY, cells TEXT NOT NULL, submission TEXT NOT NULL);
CREATE TABLE cell (id TEXT PRIMARY KEY, platform TEXT NOT NULL, image TEXT NOT NULL, axes TEXT NOT NULL);
CREATE TABLE cell_run (uid TEXT PRIMARY KEY, submission TEXT NOT NULL, seq INT8 NOT NULL, submitter TEXT NOT NULL, cell TEXT NOT NULL, platform TEXT NOT NULL, image TEXT NOT NULL, digest TEXT, build TEXT NOT NULL, status TEXT NOT NULL, flaky INT8 NOT NULL, reason TEXT, started_at INT8 NOT NULL, duration_ms INT8 NOT NULL, attempt INT8 NOT NULL, boots INT8 NOT NULL, boot_ms INT8, n_pass INT8 NOT NULL, n_fail INT8 NOT NULL, n_error INT8 NOT NULL, n_miss INT8 NOT NULL, n_skip INT8 NOT NULL, n_done INT8 NOT NULL, n_waived INT8 NOT NULL, n_flaky INT8 NOT NULL, usd REAL8);
CREATE INDEX cell_run_grid ON cell_run (image, build, cell);
CREATE INDEX cell_run_history ON cell_run (cell, started_at, uid);
CREATE INDEX cell_run_submission ON cell_run (submission);
CREATE INDEX cell_run_digest ON cell_run (digest);
CREATE TABLE cell_detail (uid TEXT PRIMARY KEY, body BYTES8 NOT NULL);
CREATE TABLE finding (uid TEXT NOT NULL, judgement TEXT NOT NULL, check_id TEXT NOT NULL, suite TEXT NOT NULL, status TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, excerpt TEXT NOT NULL, waived TEXT, PRIMARY KEY (uid, judgement));
CREATE INDEX finding_check ON finding (check_id, status);
CREATE TABLE measurement (uid TEXT NOT NULL, name TEXT NOT NULL, value REAL8 NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (uid, name));
CREATE TABLE file (uid TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, phase TEXT, subject TEXT, digest TEXT NOT NULL, bytes INT8 NOT NULL, truncated INT8 NOT NULL, PRIMARY KEY (uid, name));
CREATE INDEX file_digest ON file (digest);
CREATE TABLE waiver (submission TEXT PRIMARY KEY, id TEXT NOT NULL, submitter TEXT NOT NULL, images TEXT NOT NULL, cells TEXT NOT NULL, checks TEXT NOT NULL, missing INT8 NOT NULL, reason TEXT NOT NULL, tracker TEXT NOT NULL, from_at INT8 NOT NULL, until_at INT8 NOT NULL);
CREATE TABLE approval (submission TEXT PRIMARY KEY, submitter TEXT NOT NULL, decision TEXT NOT NULL, verdict TEXT NOT NULL, digest TEXT NOT NULL, approver TEXT NOT NULL, comment TEXT, at INT8 NOT NULL);
CREATE INDEX approval_digest ON approval (digest);
CREATE TABLE rejection (id TEXT PRIMARY KEY, submitter TEXT NOT NULL, at INT8 NOT NULL, http_status INT8 NOT NULL, reason TEXT NOT NULL);
CREATE INDEX rejection_at ON rejection (at);
CREATE TABLE used_token (id TEXT PRIMARY KEY, payload TEXT NOT NULL, until_at INT8 NOT NULL);
CREATE VIEW submission_state AS SELECT s.id AS id, CASE
  WHEN EXISTS (SELECT 1 FROM retraction r WHERE r.target = s.id) THEN 'retracted'
  WHEN EXISTS (SELECT 1 FROM credential c WHERE c.id = s.credential AND c.compromised_at <= s.received_at) THEN 'distrusted'
  ELSE 'accepted' END AS state FROM submission s;
`,
  `
CREATE TABLE decision (submission TEXT PRIMARY KEY, id TEXT NOT NULL, submitter TEXT NOT NULL, verdict TEXT NOT NULL, policy TEXT NOT NULL, policy_digest TEXT NOT NULL, digest TEXT NOT NULL, image TEXT NOT NULL, as_of_seq INT8 NOT NULL, at INT8 NOT NULL, n_satisfied INT8 NOT NULL, n_unsatisfied INT8 NOT NULL, n_missing INT8 NOT NULL, body BYTES8 NOT NULL);
CREATE INDEX decision_digest ON decision (digest);
CREATE INDEX decision_id ON decision (id);
`,
]

/** Tables whose content follows from the archive alone, each with what it is sorted by. */
export const EVIDENCE: Readonly<Record<string, string>> = {
  submission: 'seq',
  retraction: 'submission',
  run: 'seq',
  image: 'digest, name',
  image_ref: 'platform, region, ref, digest, name',
  image_packages: 'digest, name',
  plan: 'digest',
  cell: 'id',
  cell_run: 'uid',
  cell_detail: 'uid',
  finding: 'uid, judgement',
  measurement: 'uid, name',
  file: 'uid, name',
  waiver: 'submission',
  approval: 'submission',
  decision: 'submission',
}
