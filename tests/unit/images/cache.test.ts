import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  findCached,
  findStaleBuilds,
  imagesDir,
  listCached,
  lock,
  openWorkDir,
  publish,
  removeStaleBuilds,
} from '../../../src/images/cache.ts'
import { isAlive, markText, ownMark, parseMark } from '../../../src/images/process-mark.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'harness-cache-'))
  vi.stubEnv('HARNESS_CACHE_DIR', dir)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

async function finished(builtAt: string): Promise<string> {
  const path = await mkdtemp(join(dir, 'work-'))
  await writeFile(join(path, 'manifest.json'), JSON.stringify({ builtAt }))
  return path
}

test('a process that is gone is not taken for one that has its number now', () => {
  const mark = ownMark()
  expect(isAlive(mark)).toBe(true)
  expect(isAlive({ ...mark, started: mark.started + 1 })).toBe(false)
  expect(parseMark(markText(mark))).toEqual(mark)
})

test('an image is there only when its manifest is', async () => {
  await mkdir(join(imagesDir(), 'x', 'd1'), { recursive: true })
  expect(await findCached('x', 'd1')).toBeUndefined()
  await publish(await finished('2026-01-01'), 'x', 'd2', false)
  await publish(await finished('2026-01-02'), 'x', 'd3', false)
  expect((await listCached('x')).map(({ digest }) => digest)).toEqual(['d3', 'd2'])
})

test('two builds of one image: the first result stays, unless it is to be replaced', async () => {
  await publish(await finished('first'), 'x', 'd', false)
  expect((await publish(await finished('second'), 'x', 'd', false)).manifest.builtAt).toBe('first')
  expect((await publish(await finished('third'), 'x', 'd', true)).manifest.builtAt).toBe('third')
})

test('work directories of dead processes are removed, those of living ones stay', async () => {
  await using own = await openWorkDir('debian-13.2')
  const dead = join(imagesDir(), '.tmp', 'debian-12.999999999-1.abc')
  await mkdir(join(dead, 'tree'), { recursive: true })
  expect(await findStaleBuilds()).toEqual([dead])
  expect(await removeStaleBuilds()).toEqual([dead])
  expect(await readdir(own.path)).toEqual([])
})

test('a name is locked until it is let go, and the lock of a dead process is taken over', async () => {
  const first = await lock('x', {})
  const said: string[] = []
  await expect(
    lock('x', { onProgress: (line) => said.push(line), signal: AbortSignal.timeout(300) }),
  ).rejects.toMatchObject({ name: 'CancelledError' })
  expect(said[0]).toBe(`waiting for the build of x by process ${process.pid}`)
  await first[Symbol.asyncDispose]()
  await writeFile(join(imagesDir(), '.x.lock'), '999999999-1')
  await using _ = await lock('x', {})
  expect((await readdir(imagesDir())).filter((name) => name.startsWith('.x.'))).toEqual(['.x.lock'])
})

test('a wait for the lock that is aborted at any moment leaves it free', async () => {
  for (let ticks = 0; ticks < 200; ticks++) {
    const aborting = new AbortController()
    const locking = lock('x', { signal: aborting.signal }).catch(() => undefined)
    for (let tick = 0; tick < ticks % 50; tick++) await new Promise(setImmediate)
    aborting.abort()
    await (await locking)?.[Symbol.asyncDispose]()
    expect(await readdir(imagesDir()).catch(() => [])).toEqual([])
  }
})
