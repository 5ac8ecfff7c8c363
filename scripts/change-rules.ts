import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expandMatrix } from '../src/matrix/expand.ts'
import { matchesGlob } from '../src/matrix/glob.ts'
import { loadMatrix } from '../src/matrix/load-matrix.ts'
import { loadChecks } from '../src/runner/checks/load-checks.ts'
import { selectByChange } from '../src/selection/by-change.ts'
import { loadRules } from '../src/selection/rules.ts'

// Prints how much of a matrix each recorded change of cloud-init would have run, by the rules the harness brings along.
// Arguments: a matrix, and a file with rules; default those of the fixtures and of the harness.
const [matrix = join(import.meta.dirname, '../tests/fixtures/selection/matrix.yaml'), rulesFile] = process.argv.slice(2)

interface Change {
  commit: string
  date: string
  paths: string[]
}
const file = join(import.meta.dirname, '../tests/fixtures/selection/cloud-init-changes.json')
const { about, changes } = JSON.parse(readFileSync(file, 'utf8')) as { about: string; changes: Change[] }
const { cells } = expandMatrix(await loadMatrix(matrix))
const rules = await loadRules(rulesFile)
const checks = [...(await loadChecks()).keys()]
const percent = (part: number) => `${Math.round(part * 100)} %`.padStart(5)

const rows = changes.map(({ commit, date, paths }) => {
  const { selected, applied } = selectByChange(cells, paths, rules)
  const judged = selected.map(({ onlyChecks }) =>
    onlyChecks ? checks.filter((id) => onlyChecks.globs.some((glob) => matchesGlob(id, glob))).length : checks.length,
  )
  const share = judged.reduce((sum, count) => sum + count, 0) / (cells.length * checks.length)
  const names = applied.map(({ rule, fellBack }) => (fellBack ? `${rule} (no such cell: default)` : rule))
  return { commit: commit.slice(0, 10), date, cells: selected.length, share, rules: names.join(', ') }
})
process.stdout.write(`${about}\n\n${'change'.padEnd(10)} date       cells of ${cells.length}  cells checks  rules\n`)
for (const row of rows) {
  const { commit, date, share } = row
  const part = percent(row.cells / cells.length)
  process.stdout.write(
    `${commit} ${date} ${String(row.cells).padStart(11)}  ${part}  ${percent(share)}  ${row.rules}\n`,
  )
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const nothing = rows.filter((row) => row.cells === 0).length
process.stdout.write(
  `\nmean over ${rows.length} changes: ${percent(mean(rows.map((row) => row.cells / cells.length))).trim()} of the cells, ` +
    `${percent(mean(rows.map(({ share }) => share))).trim()} of the judgements; ${nothing} run nothing\n`,
)
