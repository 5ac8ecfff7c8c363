import { appendFileSync, readFileSync } from 'node:fs'
import { policy, regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

/** How often this was asked before, in the file the test names. */
function before(id: string): number {
  const file = process.env['RUNNER_TEST_COUNTS'] ?? ''
  const text = readFileSync(file, { encoding: 'utf8', flag: 'a+' })
  appendFileSync(file, `${id}\n`)
  return text.split('\n').filter((line) => line === id).length
}

policy('always-good', { ...info, title: 'it holds', phase: 'first-boot' }, () => {
  before('always-good')
})
regression('fails-once', { ...info, title: 'it holds at once' }, async ({ expect }) => {
  expect(before('fails-once')).toBeGreaterThan(0)
})
regression('fails-twice', { ...info, title: 'it holds at once' }, async ({ expect }) => {
  expect(before('fails-twice')).toBeGreaterThan(1)
})
