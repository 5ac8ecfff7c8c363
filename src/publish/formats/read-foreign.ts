import { readFile, stat } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { maskData } from '../mask.ts'
import { payloadOf } from '../statements-of-run.ts'
import { PREDICATES, readStatement } from '../statement.ts'
import { foreignResults, type ForeignRun } from './foreign-test.ts'
import { readJunit } from './read-junit.ts'
import { readKcidb } from './kcidb.ts'
import { readTap } from './read-tap.ts'

export type ForeignFormat = 'junit' | 'tap' | 'kcidb' | 'in-toto'

const READERS: Readonly<Record<Exclude<ForeignFormat, 'in-toto'>, (text: string) => ForeignRun>> = {
  junit: readJunit,
  tap: readTap,
  kcidb: readKcidb,
}
const MOST_BYTES = 64 * 1024 * 1024

/**
 * A file of results that another program made, as a payload that can be published.
 * @throws ConfigError when the file cannot be read as the format says, or when it is not said what was tested
 */
export async function readForeign(
  file: string,
  format: ForeignFormat,
  about: { cell?: string; image?: string; digest?: string },
): Promise<Buffer> {
  const info = await stat(file).catch(() => undefined)
  if (!info?.isFile()) throw new ConfigError(`there is no file ${file}`)
  if (info.size > MOST_BYTES) throw new ConfigError(`${file} is larger than ${MOST_BYTES} bytes`)
  const bytes = await readFile(file)
  if (format === 'in-toto') {
    const statement = readStatement(bytes)
    if (statement.predicateType !== PREDICATES.testResult)
      throw new ConfigError(`${file} is a statement of ${statement.predicateType}, not of a test result`)
    return Buffer.from(JSON.stringify(maskData(JSON.parse(bytes.toString('utf8')) as object).value))
  }
  const { cell, image, digest } = about
  if (cell === undefined || image === undefined || digest === undefined) {
    throw new ConfigError(`a file of ${format} does not tell what was tested`, {
      hint: '--cell lxd/debian-13/default/container --image debian-13 --digest sha256:…',
    })
  }
  const found = within(file, () => READERS[format](bytes.toString('utf8')))
  const results = foreignResults(found, { cell, image, digest, startedAt: info.mtime.toISOString() })
  return payloadOf(maskData(results).value)
}

function within<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
}
