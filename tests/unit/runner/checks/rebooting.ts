import { regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

regression('reboots-twice', { ...info, title: 'it comes back', disruptive: true }, async ({ instance }) => {
  await instance.reboot()
  await instance.stop()
  await instance.start()
})
regression('reboots-own', { ...info, title: 'it comes back', instance: 'own' }, async ({ instance }) => {
  await instance.reboot({ via: 'platform' })
})
