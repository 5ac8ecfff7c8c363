import { join } from 'node:path'
import { readRun } from '../results/read-run.ts'
import type { CellModel, RunModel } from '../results/run-model.ts'
import { countedChecks, isProblem } from '../results/summary.ts'
import { writeAllureResults } from './allure/write.ts'
import { writeHtml } from './html/write-html.ts'
import { junitParts } from './junit.ts'
import { markdownSummary } from './markdown.ts'
import { replaceFile } from './replace-file.ts'
import { insideRun, tailOf } from './run-files.ts'

export type ReportFormat = 'html' | 'junit' | 'markdown' | 'allure'

export const REPORT_FORMATS: readonly ReportFormat[] = ['html', 'junit', 'markdown', 'allure']

export interface WrittenReports {
  run: RunModel
  /** Absolute path of each report: a file, or the folder of the Allure results. */
  paths: Partial<Record<ReportFormat, string>>
  /** Lines of `events.jsonl` that could not be read. */
  unreadable: number
}

export interface WriteReportsOptions {
  /** Default: all. */
  formats?: readonly ReportFormat[]
  /** Where the HTML report is published, for the link in the Markdown summary. */
  reportUrl?: string
}

const EXCERPT_BYTES = 6000
const EXCERPTS_PER_CELL = 6

/**
 * Makes the reports of a run from its events: at the end of a run, or any time later, also for a run that was interrupted.
 * A report that exists is replaced in one step.
 * @throws ConfigError when the folder holds no events of a run.
 */
export async function writeReports(runDir: string, options: WriteReportsOptions = {}): Promise<WrittenReports> {
  const { run, unreadable } = await readRun(runDir)
  const formats = options.formats ?? REPORT_FORMATS
  const paths: WrittenReports['paths'] = {}
  if (formats.includes('html')) paths.html = await writeHtml(run, runDir, (cells) => excerptsOf(cells, runDir))
  if (formats.includes('junit')) paths.junit = await replaceFile(join(runDir, 'junit.xml'), junitParts(run))
  if (formats.includes('markdown')) {
    const text = markdownSummary(run, options.reportUrl === undefined ? {} : { reportUrl: options.reportUrl })
    paths.markdown = await replaceFile(join(runDir, 'summary.md'), [text])
  }
  if (formats.includes('allure')) paths.allure = await writeAllureResults(run, runDir)
  return { run, paths, unreadable }
}

/** Last lines of the logs that matter most in cells with problems. */
async function excerptsOf(cells: readonly CellModel[], runDir: string): Promise<Map<string, string>> {
  const excerpts = new Map<string, string>()
  for (const cell of cells.filter(needsExcerpts)) {
    for (const { file } of mostTelling(cell)) {
      const path = insideRun(runDir, file)
      const text = path === undefined ? undefined : await tailOf(path, EXCERPT_BYTES)
      if (text) excerpts.set(file, text)
    }
  }
  return excerpts
}

function needsExcerpts(cell: CellModel): boolean {
  return cell.status !== 'pass' || countedChecks(cell).some(isProblem)
}

const TELLING = /\/(console\.(txt|log)|cloud-init(-output)?\.log|journal-warnings\.txt|upgrade\.log)$/

/** Of the machine under test first, then of the others. */
function mostTelling(cell: CellModel): CellModel['logs'] {
  const telling = cell.logs.filter((log) => TELLING.test(log.file))
  return telling.sort((a, b) => a.file.split('/').length - b.file.split('/').length).slice(0, EXCERPTS_PER_CELL)
}
