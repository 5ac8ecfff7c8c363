import { writeFileSync } from 'node:fs'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import pLimit from 'p-limit'
import { cleanText } from '../../core/text.ts'
import type { CellModel, RunModel } from '../../results/run-model.ts'
import { isProblem } from '../../results/summary.ts'
import { insideRun } from '../run-files.ts'
import { CATEGORIES, environment, executor } from './environment.ts'
import { uuidOf } from './identifier.ts'
import { notSelectedResult, resultsOf, startOf, type AllureResult, type Attachment } from './result.ts'

/** Allure needs a file for each result and holds all of them in memory: of more than these it gets only the problems. */
const MOST_RESULTS = 20_000

/**
 * Writes the run as Allure results into `<runDir>/allure-results`, replacing what is there.
 * A test keeps its history by `historyId`: its full name and the parameters that tell cells apart, so cells never merge into one.
 */
export async function writeAllureResults(run: RunModel, runDir: string): Promise<string> {
  const folder = join(runDir, 'allure-results')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  // Thousands of small files: handing each to another thread and back, three times, takes longer than writing it.
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  const judgements = run.cells.reduce((sum, cell) => sum + cell.checks.length, 0)
  const onlyProblems = judgements > MOST_RESULTS
  const limit = pLimit(16)
  const writeCell = async (cell: CellModel) => {
    const logs = await copyLogs(cell, runDir, folder)
    const shown = onlyProblems ? { ...cell, checks: cell.checks.filter(isProblem) } : cell
    const results = resultsOf(run, shown)
    for (const result of results) write(`${result.uuid}-result.json`, result)
    write(`${uuidOf(run.runId, cell.summary.id, 'container')}-container.json`, container(run, cell, results, logs))
    // Others, such as a second Ctrl-C, get their turn.
    await setImmediate()
  }
  await Promise.all(run.cells.map((cell) => limit(() => writeCell(cell))))
  for (const entry of run.notSelected) {
    const result = notSelectedResult(run, entry)
    write(`${result.uuid}-result.json`, result)
  }
  const leftOut = onlyProblems ? `left out = judgements without a problem: more than ${MOST_RESULTS} in all\n` : ''
  write('environment.properties', `${environment(run)}${leftOut}`)
  write('categories.json', CATEGORIES)
  write('executor.json', executor(run))
  return folder
}

/** The logs of a cell hang on a fixture, which Allure shows with every test of the cell. */
function container(run: RunModel, cell: CellModel, results: readonly AllureResult[], logs: readonly Attachment[]) {
  const start = startOf(run, cell)
  const prepare = {
    name: 'prepare',
    status: 'passed',
    stage: 'finished',
    start,
    stop: start + cell.durationMs,
    steps: [],
    attachments: logs,
  }
  return {
    uuid: uuidOf(run.runId, cell.summary.id, 'container'),
    name: cell.summary.id,
    children: results.map(({ uuid }) => uuid),
    befores: [prepare],
    afters: [],
  }
}

async function copyLogs(cell: CellModel, runDir: string, folder: string): Promise<Attachment[]> {
  const attachments: Attachment[] = []
  for (const log of cell.logs) {
    const path = insideRun(runDir, log.file)
    if (path === undefined) continue
    const isText = /^\.(log|txt|json|ya?ml|cfg|conf|csv|xml|md|)$/.test(extname(path))
    const source = `${uuidOf(cell.summary.id, log.file)}-attachment${isText ? '.txt' : extname(path)}`
    const copied = await copyFile(path, join(folder, source)).then(
      () => true,
      () => false,
    )
    if (copied)
      attachments.push({ name: cleanText(log.title), source, type: isText ? 'text/plain' : 'application/octet-stream' })
  }
  return attachments
}
