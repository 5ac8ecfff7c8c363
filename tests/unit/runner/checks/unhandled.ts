import { regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

regression('leaves-a-rejection', { ...info, title: 'it handles what it starts' }, async ({ instance }) => {
  void Promise.reject(new Error('nobody waits for me'))
  await instance.sh`echo x`
})
