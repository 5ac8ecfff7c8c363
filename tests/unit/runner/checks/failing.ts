import { policy, regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

policy('failing-policy', { ...info, title: 'one is two', phase: 'first-boot' }, ({ expect }) => {
  expect(1).toBe(2)
})

policy('failing-softly', { ...info, title: 'one is two and three', phase: 'first-boot' }, ({ expect }) => {
  expect.soft(1).toBe(2)
  expect.soft(1).toBe(3)
})

policy('broken-policy', { ...info, title: 'it has a bug', phase: 'first-boot' }, () => {
  throw new TypeError('x is not a function')
})

policy(
  'unknown-fact-policy',
  { ...info, title: 'it needs a fact nobody gathered', phase: 'first-boot' },
  ({ facts, expect }) => {
    expect(facts.os.id).toBe('debian')
  },
)

regression('failing-command', { ...info, title: 'false succeeds' }, async ({ instance }) => {
  await instance.sh`false`
})

regression('never-ending', { ...info, title: 'it ends', timeoutMs: 300 }, () => new Promise(() => {}))
