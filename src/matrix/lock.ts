import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import type { Point } from './make-cell.ts'
import { parseYaml } from './yaml-source.ts'

const lockSchema = z.strictObject({
  about: z.string().optional(),
  version: z.literal(1),
  axes: z.array(z.string()).min(1),
  rows: z.array(z.array(z.string())),
})

const ABOUT = 'Cells chosen for a matrix that does not want all combinations. Written by `harness plan --update-lock`.'

/** Where the lock of a matrix is: `matrix.lock.json` for `matrix.yaml`. */
export function lockFile(matrixFile: string): string {
  return `${matrixFile.replace(/\.ya?ml$/, '')}.lock.json`
}

/** The rows of a lock file. @throws ConfigError with line and column */
export function parseLock(text: string, file: string): Point[] {
  const { value, positionOf } = parseYaml(text, file, lockSchema)
  const wrong = value.rows.findIndex((row) => row.length !== value.axes.length)
  if (wrong >= 0)
    throw new ConfigError(`this row has ${value.rows[wrong]?.length} values for ${value.axes.length} axes`, {
      position: positionOf(['rows', wrong]),
      hint: 'harness plan --lock ignore --update-lock writes it anew',
    })
  return value.rows.map((row) => Object.fromEntries(value.axes.map((axis, at) => [axis, row[at] ?? ''])))
}

/** The text of a lock file: a row for each line, in an order of their own, so that differences are few and readable. */
export function lockText(rows: readonly Point[]): string {
  const axes = Object.keys(rows[0] ?? { platform: '' })
  const lines = rows.map((row) => JSON.stringify(axes.map((axis) => row[axis] ?? ''))).sort()
  const head = `{\n  "about": ${JSON.stringify(ABOUT)},\n  "version": 1,\n  "axes": ${JSON.stringify(axes)},\n  "rows": [`
  return `${head}${lines.map((line) => `\n    ${line}`).join(',')}${lines.length > 0 ? '\n  ' : ''}]\n}\n`
}
