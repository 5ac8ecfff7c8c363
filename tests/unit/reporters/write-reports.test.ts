import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderAllure, writeReports } from '../../../src/reporters/index.ts'
import { sampleRun, samplePath, type SampleName } from './sample.ts'

let dir = ''
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'reports-'))))
afterAll(() => rm(dir, { recursive: true, force: true }))

async function folderOf(name: SampleName): Promise<string> {
  const folder = join(dir, name)
  await mkdir(folder, { recursive: true })
  await copyFile(samplePath(name), join(folder, 'events.jsonl'))
  return folder
}

interface Result {
  uuid: string
  historyId: string
  testCaseId: string
  fullName: string
  status: string
  statusDetails: { message?: string; flaky?: boolean }
  start: number
  stop: number
  steps: unknown[]
}

async function resultsIn(folder: string): Promise<Result[]> {
  const names = (await readdir(join(folder, 'allure-results'))).filter((name) => name.endsWith('-result.json'))
  return await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, 'allure-results', name), 'utf8')) as Result),
  )
}

test('all reports are made from the events, and made again the same', async () => {
  const folder = await folderOf('failing')
  const first = await writeReports(folder)
  expect(Object.keys(first.paths).sort()).toEqual(['allure', 'html', 'junit', 'markdown'])
  const read = async () => [
    await readFile(first.paths.html ?? '', 'utf8'),
    await readFile(first.paths.junit ?? '', 'utf8'),
    (await readdir(first.paths.allure ?? '')).sort(),
  ]
  const before = await read()
  await writeReports(folder)
  expect(await read()).toEqual(before)
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('an interrupted run has reports too', async () => {
  const { run, unreadable, paths } = await writeReports(await folderOf('interrupted'), {
    formats: ['html', 'markdown'],
  })
  expect([run.ended, unreadable]).toEqual([false, 1])
  expect(await readFile(paths.markdown ?? '', 'utf8')).toContain('interrupted: 0 of 3 cells ended')
  expect(paths).not.toHaveProperty('allure')
})

test('a folder without events is refused', async () => {
  await expect(writeReports(join(dir, 'none'))).rejects.toThrow(/cannot read/)
  await writeFile(join(dir, 'events.jsonl'), 'hello\n')
  await expect(writeReports(dir)).rejects.toThrow('this is not a file of run events')
})

test('Allure: cells never merge, statuses say who must act, logs hang on the cell', async () => {
  const folder = await folderOf('failing')
  const log = join(folder, 'cells/lxd/debian-13/default/container/logs/cloud-init.log')
  await mkdir(dirname(log), { recursive: true })
  await writeFile(log, 'a log')
  await writeReports(folder, { formats: ['allure'] })
  const results = await resultsIn(folder)
  const run = await sampleRun('failing')
  expect(results).toHaveLength(
    run.cells.length + run.cells.flatMap((cell) => cell.checks.filter((record) => !record.baseline)).length,
  )
  expect(new Set(results.map(({ historyId }) => historyId)).size).toBe(results.length)
  expect(new Set(results.map(({ testCaseId }) => testCaseId)).size).toBeLessThan(results.length)
  expect(results.every(({ start, stop }) => stop >= start && start > 1e12)).toBe(true)
  const cells = results.filter(({ fullName }) => fullName === 'cell: cell')
  expect(cells.map(({ status, statusDetails }) => `${status} ${statusDetails.message ?? ''}`).sort())
    .toMatchInlineSnapshot(`
    [
      "broken not judged: the storage pool "default" is full",
      "failed the instance did not reach its boot target in 5 min 00 s; the console shows emergency mode",
      "passed ",
      "passed ",
    ]
  `)
  const names = await readdir(join(folder, 'allure-results'))
  expect(names).toEqual(expect.arrayContaining(['categories.json', 'environment.properties', 'executor.json']))
  expect(names.filter((name) => name.endsWith('-attachment.txt'))).toHaveLength(1)
  const containers = await Promise.all(
    names
      .filter((name) => name.endsWith('-container.json'))
      .map((name) => readFile(join(folder, 'allure-results', name), 'utf8')),
  )
  expect(containers.filter((text) => text.includes('-attachment.txt'))).toHaveLength(1)
})

test('Allure: a waived failure is known and not a failure; a flaky one is marked; a path outside the run is not read', async () => {
  const folder = await folderOf('passing')
  await writeReports(folder, { formats: ['allure'] })
  const results = await resultsIn(folder)
  expect(results.filter(({ status }) => status === 'failed')).toEqual([])
  expect(results.find(({ fullName }) => fullName.includes('loc-default'))).toBeDefined()
  expect(
    results.filter(({ statusDetails }) => statusDetails.message?.startsWith('waived until 2026-12-31')),
  ).toHaveLength(1)
  expect(results.filter(({ statusDetails }) => statusDetails.flaky)).toHaveLength(1)
  const hostile = await folderOf('hostile')
  await writeReports(hostile, { formats: ['allure'] })
  expect((await readdir(join(hostile, 'allure-results'))).filter((name) => name.includes('attachment'))).toEqual([])
})

test('Allure cannot be rendered without Java, and the error says what to install', async () => {
  const { JAVA_HOME, PATH } = process.env
  try {
    delete process.env.JAVA_HOME
    process.env.PATH = dir
    await expect(renderAllure(dir)).rejects.toMatchObject({
      name: 'PrerequisiteError',
      hint: expect.stringContaining('apt-get install default-jre-headless') as string,
    })
  } finally {
    process.env.PATH = PATH
    if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME
  }
})
