import { regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

regression('a-before', { ...info, title: 'it is judged before the crash' }, async () => {})
regression('b-crash', { ...info, title: 'it does not kill its process' }, async () => {
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
})
regression('c-after', { ...info, title: 'it is judged after the crash' }, async () => {})
