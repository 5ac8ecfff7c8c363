import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type SourcePosition } from '../core/errors.ts'
import { parseYaml } from '../matrix/yaml-source.ts'
import { compileIssue, hasIssue, type IssuePattern } from './issue-pattern.ts'
import { knownIssueSchema } from './known-issue.ts'

/** Files of a folder of known issues at most: a mistyped folder is told before it is read. */
const MOST_FILES = 5000

/**
 * Reads every `.yaml` file below a folder and proves each by its samples. Of an id with several versions the highest is used.
 * @returns by id, in order
 * @throws ConfigError with file, line and column
 */
export async function loadIssues(folder: string): Promise<IssuePattern[]> {
  const all: { pattern: IssuePattern; file: string }[] = []
  for (const file of await yamlFiles(folder)) {
    all.push({ pattern: parseIssue(await readFile(file, 'utf8'), file), file })
  }
  const seen = new Map<string, string>()
  for (const { pattern, file } of all) {
    const key = `${pattern.issue.id}, version ${pattern.issue.version},`
    const other = seen.get(key)
    if (other !== undefined) {
      throw new ConfigError(`${key} is also in ${other}`, {
        position: { file },
        hint: 'give a changed issue the next version',
      })
    }
    seen.set(key, file)
  }
  return newest(all.map(({ pattern }) => pattern))
}

/** Checks the text of one file. @throws ConfigError with line and column */
export function parseIssue(text: string, file: string): IssuePattern {
  const { value: issue, positionOf } = parseYaml(text, file, knownIssueSchema)
  let pattern: IssuePattern
  try {
    pattern = compileIssue(issue)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw at(error, positionOf(['match']))
  }
  issue.samples.hit.forEach((sample, index) => {
    if (!linesOf(sample).some((line) => hasIssue(pattern, line))) {
      throw new ConfigError(`the sample ${index + 1} to hit is not found`, {
        position: positionOf(['samples', 'hit', index]),
        hint: 'all of "contains" and the pattern must be on one line of it',
      })
    }
  })
  issue.samples.miss.forEach((sample, index) => {
    if (linesOf(sample).some((line) => hasIssue(pattern, line))) {
      throw new ConfigError(`the sample ${index + 1} to miss is found`, {
        position: positionOf(['samples', 'miss', index]),
        hint: 'make "contains" or "match" say more',
      })
    }
  })
  return pattern
}

/** Of each id the highest version, by id. */
function newest(patterns: readonly IssuePattern[]): IssuePattern[] {
  const byId = new Map<string, IssuePattern>()
  for (const pattern of patterns) {
    const known = byId.get(pattern.issue.id)
    if (!known || known.issue.version < pattern.issue.version) byId.set(pattern.issue.id, pattern)
  }
  return [...byId.values()].sort((a, b) => (a.issue.id < b.issue.id ? -1 : 1))
}

function at(error: ConfigError, position: SourcePosition): ConfigError {
  return new ConfigError(error.message, {
    position,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  })
}

function linesOf(text: string): string[] {
  return text.split('\n')
}

async function yamlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new ConfigError(`cannot read the known issues in ${folder}: ${(error as Error).message}`, {
      hint: 'give the folder with --issues',
      cause: error,
    })
  })
  const files = entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  if (files.length > MOST_FILES)
    throw new ConfigError(`${folder} has ${files.length} YAML files; at most ${MOST_FILES} known issues are read`)
  return files.sort()
}
