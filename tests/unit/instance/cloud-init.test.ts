import { expect, test } from 'vitest'
import { isFinished, parseStatus } from '../../../src/instance/cloud-init.ts'

const MARK = '---harness-part---\n'
const result = (...parts: string[]) => ({
  ok: true,
  exitCode: 0,
  stdout: parts.map((part) => `${part}\n`).join(MARK),
  stderr: '',
  truncated: false,
  durationMs: 1,
  command: '',
})

test('23.4 and later: recoverable errors and exit code 2 are kept', () => {
  const json = JSON.stringify({
    status: 'done',
    extended_status: 'degraded done',
    detail: 'x',
    datasource: 'nocloud',
    errors: [],
    recoverable_errors: { WARNING: ['w'] },
  })
  expect(parseStatus(result('/usr/bin/cloud-init 25.1.4', json, '2', '{}', '{}', ''))).toMatchObject({
    status: 'done',
    extendedStatus: 'degraded done',
    exitCode: 2,
    recoverableErrors: { WARNING: ['w'] },
    version: '25.1.4',
  })
})

test('22.4: a failed run is an error with exit code 1 and its messages', () => {
  const json = JSON.stringify({
    boot_status_code: 'enabled-by-generator',
    status: 'error',
    detail: '',
    datasource: '',
    errors: ['boom'],
  })
  expect(parseStatus(result('/usr/bin/cloud-init 22.4.2', json, '1', '', '', ''))).toMatchObject({
    status: 'error',
    exitCode: 1,
    errors: ['boom'],
    extendedStatus: 'error',
  })
})

test('without --format the result files say the same', () => {
  const done = JSON.stringify({ v1: { datasource: 'DataSourceNoCloud', errors: [] } })
  const failed = JSON.stringify({ v1: { datasource: null, errors: ['bad user-data'] } })
  const running = JSON.stringify({ v1: { datasource: null, stage: 'modules-config', init: { errors: [] } } })
  expect(parseStatus(result('cloud-init 0.7.9', '', '2', done, '', ''))).toMatchObject({
    status: 'done',
    exitCode: 0,
    datasource: 'DataSourceNoCloud',
  })
  expect(parseStatus(result('cloud-init 0.7.9', '', '2', failed, '', ''))).toMatchObject({
    status: 'error',
    exitCode: 1,
    errors: ['bad user-data'],
  })
  expect(parseStatus(result('cloud-init 0.7.9', '', '2', '', running, ''))).toMatchObject({ status: 'running' })
  expect(parseStatus(result('cloud-init 0.7.9', '', '2', '', '', 'disabled'))).toMatchObject({ status: 'disabled' })
})

test('a system without cloud-init is absent, and hostile output is no status', () => {
  expect(parseStatus(result('absent')).status).toBe('absent')
  expect(isFinished(parseStatus(result('cloud-init 24.1', '{"status": 7}', '0', '[]', '"x"', '')))).toBe(false)
})
