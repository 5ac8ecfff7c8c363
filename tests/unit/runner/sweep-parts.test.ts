import { expect, test } from 'vitest'
import { whySweep, whyWorker } from '../../../src/runner/sweep/sweep-rules.ts'

const resource = (id: string) => ({
  kind: 'machine' as const,
  id,
  runId: 'run',
  cell: 'c',
  expires: '2999-01-01T00:00:00Z',
})
const opened = (id: string) => ({
  id,
  intent: {
    platform: 'fake',
    kind: 'machine' as const,
    name: id,
    owner: { runId: 'run', cell: 'c', attempt: 1, expires: '' },
  },
})
const dead = { runId: 'run', part: 'lost-1', alive: false, open: [opened('m1')] }
const live = { runId: 'run', part: 'working-1', alive: true, open: [opened('m2')] }

test('with a worker goes what it made, and nothing else of its run', () => {
  const why = (id: string, ledgers: (typeof dead)[]) => whySweep(resource(id), ledgers, {}, new Date())
  expect(why('m1', [dead, live])).toBe('its worker is gone')
  expect(why('m2', [dead, live])).toBeUndefined()
  // Made by a worker of another host, where it may still be worked with.
  expect(why('m3', [dead])).toBeUndefined()
  expect(whyWorker(resource('m1'), [dead])).toBe('its worker is gone')
  expect(whyWorker({ ...resource('m1'), runId: 'other' }, [dead])).toBeUndefined()
})

test('what was being created when its worker was lost is known by its name', () => {
  const { intent } = opened('h-run-debian-13-subject-0a1b2c3d')
  const lost = { ...dead, open: [{ id: undefined, intent }] }
  expect(whyWorker(resource('default/h-run-debian-13-subject-0a1b2c3d'), [lost])).toBe('its worker is gone')
  expect(whyWorker(resource('default/h-run-debian-13-subject-ffffffff'), [lost])).toBeUndefined()
})

test('a run of one process goes as a whole', () => {
  const whole = { runId: 'run', alive: false, open: [] }
  expect(whySweep(resource('m9'), [whole], {}, new Date())).toBe('its run is gone')
})
