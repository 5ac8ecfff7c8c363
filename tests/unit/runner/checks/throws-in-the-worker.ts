import { policy } from 'harness/testing'

if (process.env['HARNESS_CELL']) throw new Error('this file is broken in the worker')
policy(
  'never-declared',
  { title: 'it is declared', because: 'the runner is tested', source: 'here', severity: 'major', phase: 'first-boot' },
  () => {},
)
