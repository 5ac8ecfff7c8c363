import { readFileSync } from 'node:fs'
import type { Answer } from './options.ts'

const patterns = new WeakMap<Answer, RegExp>()
const files = new Map<string, string>()

/** The ready answer to a command line, if there is one. */
export function findAnswer(answers: readonly Answer[], command: string): Answer | undefined {
  const found = answers.find((answer) => patternOf(answer).test(command))
  return found?.stdoutFile === undefined ? found : { ...found, stdout: textOf(found.stdoutFile) }
}

function patternOf(answer: Answer): RegExp {
  let pattern = patterns.get(answer)
  if (!pattern) patterns.set(answer, (pattern = new RegExp(answer.command)))
  return pattern
}

function textOf(path: string): string {
  let text = files.get(path)
  if (text === undefined) files.set(path, (text = readFileSync(path, 'utf8')))
  return text
}
