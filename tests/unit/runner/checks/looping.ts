import { regression } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major' } as const

regression('l-before', { ...info, title: 'it is judged before the loop' }, async () => {})
regression('m-loop', { ...info, title: 'it gives the processor back', timeoutMs: 200 }, async () => {
  for (;;);
})
regression('n-after', { ...info, title: 'it is judged after the loop' }, async () => {})
