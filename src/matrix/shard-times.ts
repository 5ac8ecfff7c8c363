import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ConfigError } from '../core/errors.ts'
import { readText } from './load-matrix.ts'

/** What `harness history --times` prints. */
const timesFile = z.strictObject({
  version: z.literal(1),
  /** Milliseconds by cell id. */
  cells: z.record(z.string(), z.number().nonnegative()),
})

export type TimesFile = z.infer<typeof timesFile>

/** Reads expected times of cells, and the digest that names them. @throws ConfigError */
export async function readTimes(file: string): Promise<{ cells: Map<string, number>; digest: string }> {
  try {
    const text = await readText(file, HINT)
    const { cells } = timesFile.parse(JSON.parse(text))
    return { cells: new Map(Object.entries(cells)), digest: createHash('sha256').update(text).digest('hex') }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const why = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : (error as Error).message
    throw new ConfigError(`is not a file of times: ${why}`, {
      position: { file },
      hint: HINT,
      cause: error,
    })
  }
}

const HINT = 'harness history --times > times.json'
