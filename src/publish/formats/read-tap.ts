import { ConfigError } from '../../core/errors.ts'
import type { ForeignRun, ForeignTest } from './foreign-test.ts'

const TEST = /^(not )?ok\b(?:\s+(\d+))?(?:\s*-)?\s*([^\n]*)$/
const PLAN = /^1\.\.(\d+)/

/**
 * Results by the Test Anything Protocol. Tests the plan promised and nobody saw are `miss`; so is the whole when it bailed out.
 * Subtests count by the test that sums them up.
 * @throws ConfigError when there is neither a plan nor a test
 */
export function readTap(text: string): ForeignRun {
  const tests: ForeignTest[] = []
  let planned: number | undefined
  let bail: string | undefined
  let detail: string[] | undefined
  for (const line of text.split(/\r?\n/)) {
    if (detail !== undefined) {
      const last = tests.at(-1)
      if (line.trim() === '...') {
        if (last && last.status !== 'pass' && last.status !== 'skip') last.message = detail.join('\n')
        detail = undefined
      } else if (detail.length < 500) detail.push(line.replace(/^ {2}/, ''))
      continue
    }
    if (/^\s+---\s*$/.test(line)) {
      detail = []
      continue
    }
    const plan = PLAN.exec(line)
    if (plan) planned = Number(plan[1])
    if (line.startsWith('Bail out!')) bail = line.slice('Bail out!'.length).trim() || 'no reason was given'
    const found = TEST.exec(line)
    if (found) tests.push(testOf(found[1] !== undefined, Number(found[2] ?? tests.length + 1), found[3] ?? ''))
  }
  if (planned === undefined && tests.length === 0)
    throw new ConfigError('this is not TAP: it has neither a plan nor a test')
  const missing = Math.min(Math.max(0, (planned ?? 0) - tests.length), 10_000)
  for (let number = 0; number < missing; number++)
    tests.push({
      name: `test-${tests.length + 1}`,
      status: 'miss',
      reason: bail ?? 'it was planned, and no result came',
    })
  if (bail !== undefined) tests.push({ name: 'bail-out', status: 'miss', reason: bail })
  return { format: 'tap', tests }
}

function testOf(failed: boolean, number: number, words: string): ForeignTest {
  const [, text = '', directive = '', reason = ''] =
    /^(.*?)(?:\s*(?<!\\)#\s*(SKIP|TODO)\S*\s*(.*))?$/i.exec(words) ?? []
  const name = text.trim().replaceAll('\\#', '#') || `test-${number}`
  if (directive.toUpperCase() === 'SKIP') return { name, status: 'skip', reason: reason || 'skipped' }
  // What is still to do is known not to work: it says nothing about the image.
  if (directive.toUpperCase() === 'TODO') return { name, status: failed ? 'skip' : 'pass', reason: reason || 'to do' }
  return { name, status: failed ? 'fail' : 'pass' }
}
