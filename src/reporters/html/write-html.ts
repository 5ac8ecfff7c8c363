import { writeFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { CellModel, RunModel } from '../../results/run-model.ts'
import { replaceFile } from '../replace-file.ts'
import type { Excerpts } from './cell.ts'
import { cellPage, CELL_PAGES, htmlReport, indexPage } from './page.ts'

/** Up to so many judgements are one page, which needs nothing but itself; a browser would not open more of them in time. */
const ONE_PAGE = 20_000
const PAGES_AT_ONCE = 16

/**
 * Writes `index.html`: the whole report, or for large runs a page of all cells that leads to a page for each.
 * @param excerptsOf last lines of the logs of some cells
 */
export async function writeHtml(
  run: RunModel,
  runDir: string,
  excerptsOf: (cells: readonly CellModel[]) => Promise<Excerpts>,
): Promise<string> {
  const index = join(runDir, 'index.html')
  const judgements = run.cells.reduce((sum, cell) => sum + cell.checks.length, 0)
  const folder = join(runDir, CELL_PAGES)
  if (judgements <= ONE_PAGE) {
    await rm(folder, { recursive: true, force: true })
    return await replaceFile(index, [htmlReport(run, await excerptsOf(run.cells))])
  }
  const fresh = `${folder}.${process.pid}.tmp`
  try {
    await mkdir(fresh, { recursive: true })
    for (let from = 0; from < run.cells.length; from += PAGES_AT_ONCE) {
      const some = run.cells.slice(from, from + PAGES_AT_ONCE)
      const excerpts = await excerptsOf(some)
      for (const [at, cell] of some.entries()) {
        const number = from + at
        // Thousands of small files: handing each to another thread and back, three times, takes longer than writing it.
        writeFileSync(join(fresh, `${number + 1}.html`), cellPage(run, number, cell, excerpts))
      }
      // Others, such as a second Ctrl-C, get their turn.
      await setImmediate()
    }
    await rm(folder, { recursive: true, force: true })
    await rename(fresh, folder)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  return await replaceFile(index, [indexPage(run)])
}
