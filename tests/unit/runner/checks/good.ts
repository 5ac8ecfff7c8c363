import { policy, regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

policy(
  'good-policy',
  { ...info, title: 'facts are there', phase: ['first-boot', 'after-reboot'] },
  ({ facts, phase, expect }) => {
    expect(facts.phase).toBe(phase)
  },
)

policy('pair-policy', { ...info, title: 'there are two', phase: 'pair' }, ({ other, expect }) => {
  expect(other?.phase).toBe('first-boot')
})

policy('skipping-policy', { ...info, title: 'it may be left out', phase: 'first-boot' }, ({ skip }) =>
  skip('not today'),
)

policy(
  'elsewhere-policy',
  { ...info, title: 'it is not for here', phase: 'first-boot', applies: { platforms: ['lxd'] } },
  () => {},
)

regression('good-shared', { ...info, title: 'a command works' }, async ({ instance, expect, attach, measure }) => {
  expect(await instance.sh`echo hello`).toBe('hello')
  attach('said.txt', 'hello')
  measure({ name: 'commands', value: 1, unit: 'count' })
})

regression(
  'good-own',
  { ...info, title: 'an own instance works', instance: 'own', userData: '#cloud-config\n{}\n' },
  async ({ instance, expect }) => {
    expect(await instance.sh`echo own`).toBe('own')
  },
)
