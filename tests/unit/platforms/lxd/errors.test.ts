import { expect, test } from 'vitest'
import { answerError, connectionError, kindOf, operationError } from '../../../../src/platforms/lxd/errors.ts'

test.each([
  [404, 'Instance not found', 'not-found'],
  [403, 'not authorized', 'auth'],
  [409, 'This "instances" entry already exists', 'conflict'],
  [412, "ETag doesn't match: 1 vs 2", 'conflict'],
  [429, 'slow down', 'throttled'],
  [503, 'LXD daemon setup in progress', 'unavailable'],
  [400, 'Instance is not running', 'invalid'],
  [400, 'The instance is busy running a stop operation', 'conflict'],
  [500, 'Failed creating instance record: UNIQUE constraint failed', 'conflict'],
  [500, 'write /var/lib/lxd/x: no space left on device', 'capacity'],
  [500, 'Failed to run: btrfs subvolume snapshot: Disk quota exceeded', 'capacity'],
  [500, 'Reached maximum number of instances in project "ci"', 'quota'],
  [500, 'database is locked', 'unavailable'],
  [500, 'dial unix /proc/self/fd/652/forkfile.sock: connect: no such file or directory', 'unavailable'],
  [500, 'something nobody has seen', 'unavailable'],
  [400, 'something nobody has seen', 'invalid'],
] as const)('%i "%s" is %s', (status, text, kind) => {
  expect(kindOf(status, text)).toBe(kind)
})

test('an answer keeps what LXD said as its cause, and says what was asked', () => {
  const error = answerError(404, 'Instance not found', 'GET /1.0/instances/x')
  expect(error.message).toBe('LXD refused GET /1.0/instances/x: Instance not found')
  expect((error.cause as Error).message).toBe('Instance not found')
})

test('a failed operation is mapped by its text', () => {
  const text = 'Failed add validation for device "eth1": Instance DNS name "x" already used on network'
  expect(operationError(text, 'PUT /1.0/instances/x')).toMatchObject({ kind: 'conflict', retryable: false })
})

test('no permission on the socket is a prerequisite with the command that gives it', () => {
  const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' })
  expect(connectionError(denied, 'GET /1.0', '/x.socket')).toMatchObject({
    name: 'PrerequisiteError',
    hint: expect.stringContaining('usermod -aG lxd'),
  })
})

test('another certificate than the pinned one is no outage', () => {
  const other = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  expect(connectionError(other, 'GET /1.0', 'https://x')).toMatchObject({ kind: 'auth', retryable: false })
})
