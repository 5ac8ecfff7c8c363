import { ConfigError } from '../../core/errors.ts'
import type { ForeignRun, ForeignTest } from './foreign-test.ts'
import { xmlEvents } from './xml-events.ts'

const OUTCOMES = new Set(['failure', 'error', 'skipped'])

/** Results in JUnit XML. An `<error type="infra">`, as this harness writes it, is not the fault of the image. @throws ConfigError */
export function readJunit(text: string): ForeignRun {
  const tests: ForeignTest[] = []
  let test: ForeignTest | undefined
  let inside: string | undefined
  let startedAt: string | undefined
  let suites = 0
  for (const event of xmlEvents(text)) {
    if (event.kind === 'open') {
      const { name, attributes } = event
      if (name === 'testsuite' || name === 'testsuites') {
        suites++
        startedAt ??= timeOf(attributes['timestamp'])
      } else if (name === 'testcase') {
        test = testOf(attributes)
        tests.push(test)
        if (event.empty) test = undefined
      } else if (test && OUTCOMES.has(name)) {
        judge(test, name, attributes)
        inside = event.empty ? undefined : name
      }
    } else if (event.kind === 'close') {
      if (event.name === 'testcase') test = undefined
      if (event.name === inside) inside = undefined
    } else if (test && inside !== undefined && inside !== 'skipped') {
      test.message = [test.message, event.text.trim()].filter(Boolean).join('\n')
    }
  }
  if (suites === 0) throw new ConfigError('this is not JUnit XML: it has no test suite')
  return { format: 'junit', tests, ...(startedAt === undefined ? {} : { startedAt }) }
}

function testOf({ name = '', classname = '', time = '0' }: Record<string, string>): ForeignTest {
  const seconds = Number(time.replaceAll(',', ''))
  return {
    name: [classname, name].filter(Boolean).join('.') || 'unnamed',
    status: 'pass',
    durationMs: Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : 0,
  }
}

function judge(test: ForeignTest, outcome: string, { message = '', type = '' }: Record<string, string>): void {
  if (outcome === 'skipped') {
    test.status = 'skip'
    test.reason = message || 'skipped'
    return
  }
  test.status = outcome === 'failure' ? 'fail' : type === 'infra' ? 'miss' : 'error'
  if (message) test.message = message
}

function timeOf(text: string | undefined): string | undefined {
  const at = Date.parse(text ?? '')
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
