import { policy } from 'harness/testing'

const info = { because: 'the runner is tested', source: 'here', severity: 'major', phase: 'first-boot' } as const

policy('same-id', { ...info, title: 'it holds' }, () => {})
