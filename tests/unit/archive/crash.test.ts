import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Archive } from '../../../src/archive/archive.ts'
import { openDatabase } from '../../../src/archive/database/open-database.ts'
import { migrate } from '../../../src/archive/database/migrate.ts'
import { dump } from '../../../src/archive/dump.ts'
import { proveArchive, rebuild } from '../../../src/archive/index.ts'
import { submission, testArchive } from './test-archive.ts'

async function dumped(archive: Pick<Archive, 'sql'>): Promise<string> {
  let text = ''
  for await (const line of dump(archive.sql)) text += line
  return text
}

const DEAD = new Error('the process was killed here')
const dies = async () => {
  throw DEAD
}

/** The process ends at one step of a submission: before it, or right after it. */
const POINTS: Readonly<Record<string, (archive: Archive) => void>> = {
  'before the spool': (archive) => (archive.spool.put = dies),
  'after the spool': (archive) => after(archive.spool, 'put'),
  'before the file of the log': (archive) => (archive.logFiles.prepare = dies),
  'after the file of the log, before the commit': (archive) => after(archive.logFiles, 'prepare'),
  'after the commit': (archive) => (archive.logFiles.settle = dies),
  'after the file has its place': (archive) => after(archive.logFiles, 'settle'),
}

function after<Name extends string>(of: Record<Name, (...args: never[]) => Promise<void>>, name: Name): void {
  const real = of[name].bind(of) as (...args: unknown[]) => Promise<void>
  of[name] = async (...args: never[]) => {
    await real(...args)
    throw DEAD
  }
}

test.each(Object.keys(POINTS))(
  'a process that is killed %s loses nothing it had taken, and nothing is there twice',
  async (point) => {
    await using t = await testArchive()
    await t.archive.accept(submission(t.keys.alice, { run: { id: 'first' } }))
    const text = submission(t.keys.alice, { run: { id: 'second' } })
    POINTS[point]?.(t.archive)
    await expect(t.archive.accept(text)).rejects.toBe(DEAD)
    t.clock.now += 1_000
    const again = await t.reopen()
    const before = await dumped(again)
    if (point !== 'before the spool') expect(before).toContain('"run_id":"second"')
    const { entry } = await again.accept(text)
    expect(entry.seq).toBe(2)
    expect(entry.receivedAt).toBe(point === 'before the spool' ? t.clock.now : t.clock.now - 1_000)
    if (point !== 'before the spool') expect(await dumped(again)).toBe(before)
    expect(readdirSync(join(t.folder, 'spool'))).toEqual([])
    expect(readdirSync(join(t.folder, 'log'))).toEqual(['000000001.json.gz', '000000002.json.gz'])
    await using fresh = await openDatabase(':memory:')
    await rebuild(t.folder, fresh)
    expect(await dumped({ sql: fresh })).toBe(await dumped(again))
  },
)

test('a database that is lost is made again from the files when the archive is opened with a new one', async () => {
  await using t = await testArchive()
  await t.archive.accept(submission(t.keys.alice))
  const before = await dumped(t.archive)
  await using fresh = await openDatabase(join(t.folder, 'other.db'))
  await rebuild(t.folder, fresh)
  expect(await dumped({ sql: fresh })).toBe(before)
  await expect(rebuild(t.folder, fresh)).rejects.toThrow(/not empty/)
})

test('a database that does not know what the files hold is refused before anything is written', async () => {
  await using t = await testArchive()
  await t.archive.accept(submission(t.keys.alice))
  const before = readdirSync(join(t.folder, 'log'))
  await t.archive[Symbol.asyncDispose]()
  const { Archive: Class } = await import('../../../src/archive/archive.ts')
  await expect(Class.open({ folder: t.folder, database: join(t.folder, 'new.db') })).rejects.toThrow(
    /the log has 1 submission, and the database .* knows 0/,
  )
  rmSync(join(t.folder, 'log/000000001.json.gz'))
  await expect(Class.open({ folder: t.folder })).rejects.toThrow(
    /the log has 0 submissions, and the database .* knows 1/,
  )
  expect(before).toEqual(['000000001.json.gz'])
})

test.each([
  ['a payload', (text: string) => text.replace(/"payload":"(.{40}).{4}/, '"payload":"$1AAAA')],
  ['who submitted it', (text: string) => text.replace('"submitter":"alice"', '"submitter":"bob"')],
  ['when it came', (text: string) => text.replace(/"receivedAt":(\d)/, '"receivedAt":9')],
  ['the signature of the archive', (text: string) => text.replace(/"signature":"..../, '"signature":"AAAA')],
])('who changes %s in the files is found out', async (_, change) => {
  await using t = await testArchive()
  for (const id of ['a', 'b', 'c']) await t.archive.accept(submission(t.keys.alice, { run: { id } }))
  expect(await proveArchive(t.folder)).toMatchObject({ submissions: 3 })
  const path = join(t.folder, 'log/000000002.json.gz')
  const text = gunzipSync(readFileSync(path)).toString()
  const changed = change(text)
  expect(changed).not.toBe(text)
  writeFileSync(path, gzipSync(changed))
  await expect(proveArchive(t.folder)).rejects.toThrow(/submission 2 of the archive is not what it was/)
})

test('a second process is kept out, and a database of a newer program is not touched', async () => {
  await using t = await testArchive()
  const { Archive: Class } = await import('../../../src/archive/archive.ts')
  const link = `${t.folder}-link`
  symlinkSync(t.folder, link)
  const names = [t.folder, `${t.folder}/`, `${t.folder}/log/..`, relative(process.cwd(), t.folder), link]
  for (const folder of names) await expect(Class.open({ folder })).rejects.toThrow(/another process uses the archive/)
  rmSync(link)
  await using sql = await openDatabase(':memory:')
  await sql.query("INSERT INTO migration VALUES (99, 'later')", [])
  await expect(migrate(sql)).rejects.toThrow(/version 99/)
})

test('a migration that fails leaves the database as it was', async () => {
  await using sql = await openDatabase(':memory:')
  const [row] = await sql.query<{ version: number }>('SELECT max(version) AS version FROM migration')
  const steps = [
    ...Array.from({ length: row?.version ?? 0 }, () => ''),
    'CREATE TABLE extra (id TEXT);\nINSERT INTO nowhere VALUES (1);',
  ]
  await expect(migrate(sql, steps)).rejects.toThrow(/nowhere/)
  await expect(sql.query('SELECT * FROM extra')).rejects.toThrow(/no such table/)
})
