import { access, constants, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../core/errors.ts'

/** The facts files a user names, one by one or as the folder of a cell that holds them. @throws ConfigError */
export async function factsFiles(paths: readonly string[]): Promise<string[]> {
  return (await Promise.all(paths.map(filesAt))).flat()
}

async function filesAt(path: string): Promise<string[]> {
  try {
    const files = await listed(path)
    await Promise.all(files.map((file) => access(file, constants.R_OK)))
    if (files.length > 0) return files
  } catch (error) {
    throw new ConfigError(`cannot read ${path}: ${(error as Error).message}`, { cause: error })
  }
  throw new ConfigError(`there is no facts file in ${path}`, {
    hint: 'give facts files, or the folder with those of a cell: reports/RUN/cells/CELL/facts',
  })
}

async function listed(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const names = entries.filter((entry) => !entry.isDirectory() && entry.name.endsWith('.json')).map(({ name }) => name)
  return names.sort().map((name) => join(path, name))
}
