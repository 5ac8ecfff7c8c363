import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Cell } from '../../../src/matrix/cell.ts'
import { expandMatrix } from '../../../src/matrix/expand.ts'
import { parseMatrix } from '../../../src/matrix/load-matrix.ts'
import { cellsOfShard } from '../../../src/matrix/shard.ts'
import { mergeRuns, writeBlob, writeReports } from '../../../src/reporters/index.ts'
import { runMatrix } from '../../../src/runner/run.ts'
import { FACTS, testFolder } from '../runner/fake-run.ts'

const IMAGES = Array.from({ length: 9 }, (_, index) => `debian-${index}`)

/** Runs the shards of one plan and gives their folders. */
async function shards(
  folder: string,
  count: number,
  matrix: Record<string, unknown> = {},
  ordered = (cells: readonly Cell[], _shard: number): readonly Cell[] => cells,
): Promise<string[]> {
  const text = JSON.stringify({
    axes: { platform: ['fake'], image: IMAGES },
    agent: { source: 'none' },
    suites: [],
    attempts: 1,
    platforms: { fake: { options: { world: folder, images: IMAGES, answers: FACTS } } },
    ...matrix,
  })
  const all = expandMatrix(parseMatrix(text, join(folder, 'matrix.yaml'))).cells
  const dirs = []
  for (let index = 1; index <= count; index++) {
    const shard = { index, count, of: ordered(all, index) }
    const { runDir } = await runMatrix({
      cells: cellsOfShard(shard.of, shard),
      shard,
      reportsDir: join(folder, 'shards', String(index)),
      concurrency: 9,
      builtInChecks: [],
      argv: ['harness', 'run', '--shard', `${index}/${count}`],
    })
    dirs.push(runDir)
  }
  return dirs
}

/** Every file of a folder with its bytes. */
function bytesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(folder.length), readFileSync(path, 'latin1')]
    }),
  )
}

function readEventCells(lines: string): string[] {
  const start = JSON.parse(lines.slice(0, lines.indexOf('\n'))) as { cells: { image: string }[] }
  return start.cells.map(({ image }) => image)
}

function permutations<T>(items: readonly T[]): T[][] {
  return items.length < 2
    ? [[...items]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

test('any order of the parts, folders or blobs, gives the same bytes, reports too', { timeout: 60_000 }, async () => {
  using folder = testFolder()
  const dirs = await shards(folder.path, 4)
  const parts = [...dirs]
  for (const index of [1, 3]) {
    const blob = join(folder.path, `${index}.blob`)
    await writeBlob(dirs[index] ?? '', blob)
    parts[index] = blob
  }
  let first: Record<string, string> | undefined
  for (const [index, order] of permutations(parts).entries()) {
    const out = join(folder.path, 'merged', String(index))
    const merged = await mergeRuns(order, out)
    expect(merged).toMatchObject({ exitCode: 0, missing: [] })
    if (index % 8 === 0) {
      const { run } = await writeReports(merged.runDir)
      expect(run).toMatchObject({ ended: true, status: 'pass' })
      expect(run.cells.map(({ summary, status }) => `${summary.image} ${status}`)).toEqual(
        IMAGES.map((image) => `${image} pass`),
      )
      expect(run.argv).toEqual(['harness', 'run'])
      const all = bytesOf(merged.runDir)
      first ??= all
      expect(all).toEqual(first)
    } else expect(bytesOf(merged.runDir)['/events.jsonl']).toBe(first?.['/events.jsonl'])
  }
  expect(Object.keys(first ?? {}).filter((path) => path.includes('/facts/')).length).toBeGreaterThan(IMAGES.length)
})

test('parts that ordered the same cells differently are parts of one plan, told in the order of the first', async () => {
  using folder = testFolder()
  const dirs = await shards(folder.path, 3, {}, (cells, shard) => (shard === 2 ? cells.toReversed() : cells))
  let first: string | undefined
  for (const order of permutations(dirs)) {
    // The names of parts say nothing about their order either.
    const links = order.map((dir, index) => {
      const link = join(folder.path, `link-${index}`)
      rmSync(link, { force: true })
      symlinkSync(dir, link)
      return link
    })
    const merged = await mergeRuns(links, join(folder.path, 'merged'))
    expect(merged).toMatchObject({ exitCode: 0, missing: [] })
    const bytes = readFileSync(join(merged.runDir, 'events.jsonl'), 'utf8')
    first ??= bytes
    expect(bytes).toBe(first)
  }
  expect(readEventCells(first ?? '')).toEqual(IMAGES)
})

test('missing shards are not judged, and the exit code tells', async () => {
  using folder = testFolder()
  const [one = '', two = '', three = ''] = await shards(folder.path, 3)
  const merged = await mergeRuns([three, one], join(folder.path, 'merged'))
  expect(merged.exitCode).toBe(3)
  const lost = cellIds(two)
  expect(lost.length).toBeGreaterThan(0)
  expect(merged.missing).toEqual(lost.map((id) => ({ id, reason: 'shard 2 of 3 is missing' })))
  const { run } = await writeReports(merged.runDir, { formats: ['junit'] })
  expect(run.status).toBe('miss')
  expect(run.cells.filter(({ status }) => status === 'miss').map(({ summary }) => summary.id)).toEqual(lost)
  // An image that is bad is worse than a shard that is missing.
  const file = join(one, 'events.jsonl')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('"type":"cell-ended","status":"pass"', '"type":"cell-ended","status":"fail"'),
  )
  const bad = readFileSync(file, 'utf8').includes('"status":"fail"')
  expect([bad, (await mergeRuns([three, one], join(folder.path, 'bad'))).exitCode]).toEqual([true, 1])
})

test('a shard that was killed has cells that are not judged', async () => {
  using folder = testFolder()
  const [one = '', two = ''] = await shards(folder.path, 2)
  const file = join(two, 'events.jsonl')
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const kept = lines.filter((line) => !line.includes('"run-ended"') && !line.includes('cell-ended'))
  writeFileSync(file, `${kept.join('\n')}\n{"at":"2026`)
  const merged = await mergeRuns([one, two], join(folder.path, 'merged'))
  expect(merged.exitCode).toBe(3)
  expect(merged.missing[0]?.reason).toBe('shard 2 of 2 did not bring this cell to an end')
})

test('the same part may be given twice; two results of one shard may not', async () => {
  using folder = testFolder()
  const [one = '', two = ''] = await shards(folder.path, 2)
  cpSync(one, join(folder.path, 'copy'), { recursive: true })
  const out = join(folder.path, 'merged')
  const expected = bytesOf((await mergeRuns([one, two], out)).runDir)
  expect(bytesOf((await mergeRuns([join(folder.path, 'copy'), two, one], out)).runDir)).toEqual(expected)
  const [again = ''] = await shards(join(folder.path, 'again'), 2)
  await expect(mergeRuns([one, two, again], out)).rejects.toThrow('are both shard 1, and differ')
})

test('parts of different plans and of newer harnesses are refused', async () => {
  using folder = testFolder()
  const [one = '', two = ''] = await shards(folder.path, 2)
  const out = join(folder.path, 'merged')
  const [, other = ''] = await shards(join(folder.path, 'other'), 2, { 'test-attempts': 2 })
  await expect(mergeRuns([one, other], out)).rejects.toThrow('parts of different plans')
  const [third = ''] = await shards(join(folder.path, 'three'), 3)
  await expect(mergeRuns([one, third], out)).rejects.toThrow('parts of different plans')
  const file = join(two, 'events.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":2'))
  await expect(mergeRuns([one, two], out)).rejects.toThrow('version 2, and this harness reads version 1')
  await expect(mergeRuns([join(folder.path, 'nothing')], out)).rejects.toThrow('there is no')
  expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
})

test('a blob that is cut, changed or hostile is refused', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const [one = ''] = await shards(folder.path, 1)
  const out = join(folder.path, 'merged')
  const blob = join(folder.path, 'one.blob')
  symlinkSync('/etc/passwd', join(one, 'cells', 'link'))
  await writeBlob(one, blob)
  const text = gunzipSync(readFileSync(blob)).toString()
  expect(text).not.toContain('cells/link')
  const refused = async (bytes: Buffer) => {
    writeFileSync(blob, bytes)
    return await mergeRuns([blob], out).then(
      () => 'merged',
      (error: unknown) => String(error),
    )
  }
  const whole = gzipSync(text)
  expect(await refused(whole)).toBe('merged')
  expect(await refused(whole.subarray(0, whole.length - 20))).toContain('is cut or damaged')
  expect(await refused(whole.subarray(0, 200))).toContain('is cut or damaged')
  expect(await refused(Buffer.from('hello'))).toContain('is cut or damaged')
  expect(await refused(Buffer.alloc(0))).toMatch(/cut or damaged|not a file of run events/)
  expect(await refused(gzipSync(text.replace(/"data":"..../, '"data":"AAAA')))).toContain('is not what it was')
  const paths = ['cells/../../../../evil', '/tmp/evil', '../evil', 'events.jsonl', 'cells/other/file']
  for (const path of paths) {
    const file = JSON.stringify({ type: 'file', path, sha256: EMPTY, data: '' })
    expect(await refused(gzipSync(`${text}${file}\n`)), path).toContain('belongs to none of its cells')
  }
  expect(existsSync(join(folder.path, 'evil'))).toBe(false)
  rmSync(out, { recursive: true })
  mkdirSync(out)
})

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function cellIds(runDir: string): string[] {
  const first = readFileSync(join(runDir, 'events.jsonl'), 'utf8').split('\n')[0] ?? ''
  return (JSON.parse(first) as { cells: { id: string }[] }).cells.map(({ id }) => id)
}
