import { regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const
const quick = process.env['RUNNER_TEST_QUICK'] !== undefined

regression('a-quick', { ...info, title: 'it holds' }, async ({ expect }) => {
  expect(quick).toBe(true)
})
regression('b-slow', { ...info, title: 'it ends' }, async () => {
  if (!quick) await new Promise(() => {})
})
