import { policy } from 'harness/testing'

if (process.env['HARNESS_CELL']) await new Promise(() => {})
policy(
  'never-reached',
  { title: 'it is reached', because: 'the runner is tested', source: 'here', severity: 'major', phase: 'first-boot' },
  () => {},
)
