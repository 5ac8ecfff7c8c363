import { isAbsolute, join, relative } from 'node:path'
import { HarnessError, toErrorRecord } from '../../core/errors.ts'
import { redact } from '../../core/redact.ts'
import { capText, cleanText } from '../../core/text.ts'
import type { CheckFailure } from '../../results/check-record.ts'
import type { Status } from '../../results/status.ts'
import { InstanceRefusedError } from './worker-link.ts'

const PACKAGE = join(import.meta.dirname, '../../..')

/** Thrown by `skip` of a check's context. */
export class SkipCheck extends Error {
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.name = 'SkipCheck'
    this.reason = reason
  }
}

/** An error as the test runner hands it on: plain data. */
export interface RunnerError {
  name?: string
  message?: string
  diff?: string
  actual?: unknown
  expected?: unknown
  stacks?: { file: string; line: number }[]
  stack?: string
}

/** Who must act on what a check threw. Expectations that do not hold and commands that fail speak about the image. */
export function statusOf(thrown: unknown): Status {
  if (thrown instanceof SkipCheck) return 'skip'
  if (thrown instanceof InstanceRefusedError) return thrown.status
  if (!(thrown instanceof Error)) return 'error'
  // Matchers outside the core, such as toBeOneOf and those of expect.extend, throw a class of their own.
  if (thrown.name === 'AssertionError' || thrown.constructor.name === 'JestExtendError') return 'fail'
  if (!(thrown instanceof HarnessError)) return 'error'
  switch (thrown.name) {
    case 'UnsupportedError':
      return 'skip'
    case 'UnknownFactError':
      return 'error'
    case 'WaitTimeoutError':
      return 'fail'
    default:
  }
  switch (thrown.blame) {
    case 'image':
      return 'fail'
    case 'host':
    case 'provider':
    case 'leak':
    case 'unknown':
      return 'miss'
    case 'user':
      return thrown.name === 'CancelledError' ? 'miss' : 'error'
    case 'harness':
      return 'error'
  }
}

/** What is stored of an error of a check: cleaned, masked and capped, because guest output may be in it. */
export function failureOf(error: RunnerError): CheckFailure {
  const at = placeOf(error)
  return {
    message: stored(error.message ?? error.name ?? 'failed', 4000),
    ...(error.expected === undefined ? {} : { expected: stored(show(error.expected), 4000) }),
    ...(error.actual === undefined ? {} : { actual: stored(show(error.actual), 4000) }),
    ...(error.diff === undefined ? {} : { diff: stored(error.diff, 8000) }),
    ...(at === undefined ? {} : { at }),
  }
}

/** The failure of an error that carries evidence, for example the output of a command. */
export function failureOfThrown(thrown: unknown): CheckFailure {
  const record = toErrorRecord(thrown)
  const evidence = record.evidence && !record.message.includes(record.evidence) ? `\n${record.evidence}` : ''
  const stack = thrown instanceof Error ? thrown.stack : undefined
  const failure = failureOf({ message: record.message, ...(stack === undefined ? {} : { stack }) })
  return { ...failure, message: stored(`${record.message}${evidence}`, 6000) }
}

function stored(text: string, maxChars: number): string {
  return capText(redact(cleanText(text)), maxChars)
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, undefined, 1) ?? String(value))
}

function placeOf(error: RunnerError): string | undefined {
  const frame = error.stacks?.find((place) => !place.file.includes('/node_modules/'))
  if (frame) return `${shortPath(frame.file)}:${frame.line}`
  for (const line of (error.stack ?? '').split('\n')) {
    const match = /(?:file:\/\/)?(\/[^():]+):(\d+):\d+\)?$/.exec(line)
    if (match && !/\/node_modules\/|\/src\/(core|instance|runner)\//.test(match[1] ?? ''))
      return `${shortPath(match[1] ?? '')}:${match[2]}`
  }
  return undefined
}

/** A report must not tell how the machine that ran it is laid out: a path is told from the harness, else from where the run began. */
function shortPath(file: string): string {
  for (const base of [PACKAGE, process.cwd()]) {
    const path = relative(base, file)
    if (path !== '' && !path.startsWith('..') && !isAbsolute(path)) return path
  }
  return file
}
