// How fast an archive takes and gives: a storm of submissions over HTTP, a year of results in the database, and questions about them.
// The reference is what a table with a row for each check takes, in the same run.
import { mkdtempSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqlite } from '../src/archive/database/sqlite.ts'
import { migrate } from '../src/archive/database/migrate.ts'
import { dump } from '../src/archive/dump.ts'
import { hashOf, type LogEntry } from '../src/archive/log-entry.ts'
import { BlobStore, listCellRuns, listFindings, readGrid } from '../src/archive/index.ts'
import { insertRows } from '../src/archive/row.ts'
import { rowsOfStatement } from '../src/archive/rows-of-statement.ts'
import { digestOf } from '../src/publish/digest.ts'
import { readStatement } from '../src/publish/statement.ts'
import { payloadOf } from '../src/publish/statements-of-run.ts'
import { check, results } from '../tests/unit/archive/test-archive.ts'
import { serveArchive, storm } from '../tests/live/archive/storm.ts'
import { line, median, time, verdict } from './measure.ts'

const [CELLS, CHECKS, BUILDS] = [250, 80, 30]
const count = Number(process.argv[2] ?? 10_000)

{
  await using served = await serveArchive()
  const { seconds, good, hostile, reads, failedReads } = await storm(served, count)
  const at = (part: number) => reads[Math.floor(reads.length * part)] ?? NaN
  console.log(
    `${count} submissions, every tenth hostile, 8 at once, 4 readers: ${(count / seconds).toFixed(0)} a second`,
  )
  console.log(`good ${JSON.stringify(good)}; hostile ${JSON.stringify(hostile)}`)
  console.log(`${reads.length} pages meanwhile: median ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`)
  verdict('good submissions that were not accepted', count * 0.9 - (good['201'] ?? 0), 0, '')
  const accepted = Object.entries(hostile).filter(([status]) => /^[25]/.test(status))
  verdict('hostile ones that were, or broke something', accepted.length, 0, '')
  verdict('pages that failed', failedReads, 0, '')
}

const folder = mkdtempSync(join(tmpdir(), 'bench-archive-'))
try {
  const path = join(folder, 'archive.db')
  await using sql = openSqlite(path)
  await migrate(sql)
  const reference = rowPerCheck(join(folder, 'reference.db'))
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let build = 0; build < BUILDS; build++) {
    for (let cell = 0; cell < CELLS; cell++) {
      const { entry, payload, records } = submissionOf(build, cell)
      ours.push(
        await time(() => sql.transaction((query) => insertRows(query, rowsOfStatement(entry, readStatement(payload))))),
      )
      if (build === 0) theirs.push(await time(async () => reference(entry.id, records)))
    }
  }
  console.log(`${CELLS} cells x ${BUILDS} builds x ${CHECKS} checks, a transaction each`)
  console.log(line({ name: 'entering a result', values: ours }, 'ms'))
  console.log(line({ name: 'reference: a row for each check', values: theirs }, 'ms'))
  verdict('of the time of the reference', median(ours) / median(theirs), 2)
  await sql.query('PRAGMA wal_checkpoint(TRUNCATE)', []).catch(() => [])
  const bytes = statSync(path).size
  const year = (bytes / (CELLS * BUILDS)) * CELLS * 365
  console.log(
    `database ${(bytes / 2 ** 20).toFixed(1)} MiB; a year of nightly runs of ${CELLS} cells: ${(year / 2 ** 20).toFixed(0)} MiB`,
  )
  const archive = { sql, blobs: new BlobStore(join(folder, 'blobs')) }
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    'grid of 30 builds': () => readGrid(archive, 'debian-13'),
    'history of a cell': () => listCellRuns(archive, { cell: cellOf(7) }),
    'where a check failed': () => listFindings(archive, { check: 'check-3' }),
  }
  for (const [name, ask] of Object.entries(questions)) {
    const values: number[] = []
    for (let round = 0; round < 15; round++) values.push(await time(ask))
    console.log(line({ name, values: values.slice(1) }, 'ms'))
  }
  let lines = 0
  const seconds = (await time(async () => void (lines = await countLines(dump(sql))))) / 1000
  console.log(`dump: ${lines} lines in ${seconds.toFixed(1)} s`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function cellOf(cell: number): string {
  return `lxd/debian-13/size-${cell}/container`
}

/** One result as it comes out of the spool. One of a hundred has a check that failed. */
function submissionOf(build: number, cell: number) {
  const records = Array.from({ length: CHECKS }, (_, index) =>
    check(`check-${index}`, (cell + index + build) % 100 === 0 ? 'fail' : 'pass'),
  )
  const startedAt = new Date(Date.UTC(2026, 0, 1 + build, 3, 0, cell)).toISOString()
  const id = cellOf(cell)
  const payload = payloadOf(
    results({
      run: { id: `run-${build}-${cell}`, startedAt },
      cell: { id, startedAt, checks: records, digest: `sha256:${String(build).padStart(64, '0')}` },
      build: startedAt.slice(0, 10).replaceAll('-', ''),
    }),
  )
  const seq = build * CELLS + cell + 1
  const open = {
    seq,
    id: digestOf(payload),
    kind: 'results',
    submitter: 'me',
    credential: 'key',
    receivedAt: Date.parse(startedAt),
    bytes: payload.length,
    prev: '',
  }
  const entry: LogEntry = { ...open, hash: hashOf(open), signature: '' }
  return { entry, payload, records }
}

function rowPerCheck(path: string): (run: string, records: readonly { id: string; status: string }[]) => void {
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE result (run TEXT, check_id TEXT, status TEXT, record TEXT, PRIMARY KEY (run, check_id)) STRICT',
  )
  const insert = database.prepare('INSERT INTO result VALUES (?, ?, ?, ?)')
  return (run, records) => {
    database.exec('BEGIN IMMEDIATE')
    for (const record of records) insert.run(run, record.id, record.status, JSON.stringify(record))
    database.exec('COMMIT')
  }
}

async function countLines(lines: AsyncIterable<string>): Promise<number> {
  const each = lines[Symbol.asyncIterator]()
  let number = 0
  while (!(await each.next()).done) number++
  return number
}
