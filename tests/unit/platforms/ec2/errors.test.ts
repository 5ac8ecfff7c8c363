import { describe, expect, test } from 'vitest'
import { PlatformError, PrerequisiteError } from '../../../../src/core/errors.ts'
import { endedError, ERROR_TABLE, toPlatformError } from '../../../../src/platforms/ec2/errors.ts'

const error = (name: string, status = 400) =>
  Object.assign(new Error(`said ${name}`), { name, $metadata: { httpStatusCode: status } })

/** Codes as EC2 and Node spell them, and what they are here. Every row of the table has at least one. */
const CASES: readonly (readonly [row: number, code: string | number, kind: string])[] = [
  [0, 'InsufficientInstanceCapacity', 'capacity'],
  [0, 'Server.InsufficientInstanceCapacity', 'capacity'],
  [0, 'InsufficientHostCapacity', 'capacity'],
  [0, 'InsufficientReservedInstanceCapacity', 'capacity'],
  [1, 'InsufficientFreeAddressesInSubnet', 'capacity'],
  [2, 'Server.SpotInstanceTermination', 'capacity'],
  [2, 'Server.SpotInstanceShutdown', 'capacity'],
  [3, 'SpotMaxPriceTooLow', 'capacity'],
  [4, 'InstanceLimitExceeded', 'quota'],
  [4, 'VcpuLimitExceeded', 'quota'],
  [4, 'MaxSpotInstanceCountExceeded', 'quota'],
  [5, 'VolumeLimitExceeded', 'quota'],
  [5, 'Client.VolumeLimitExceeded', 'quota'],
  [5, 'VpcLimitExceeded', 'quota'],
  [5, 'SecurityGroupLimitExceeded', 'quota'],
  [5, 'AttachmentLimitExceeded', 'quota'],
  [6, 'RequestLimitExceeded', 'throttled'],
  [6, 'ThrottlingException', 'throttled'],
  [7, 'UnauthorizedOperation', 'auth'],
  [7, 'AuthFailure', 'auth'],
  [7, 'OptInRequired', 'auth'],
  [7, 'AccessDeniedException', 'auth'],
  [8, 'RequestExpired', 'auth'],
  [8, 'ExpiredTokenException', 'auth'],
  [8, 'SignatureDoesNotMatch', 'auth'],
  [9, 'InvalidInstanceID.NotFound', 'not-found'],
  [9, 'InvalidGroup.NotFound', 'not-found'],
  [10, 'InvalidAMIID.Malformed', 'not-found'],
  [11, 'InvalidAMIID.Unavailable', 'not-found'],
  [12, 'IdempotentParameterMismatch', 'conflict'],
  [12, 'DependencyViolation', 'conflict'],
  [12, 'IncorrectInstanceState', 'conflict'],
  [12, 'InvalidKeyPair.Duplicate', 'conflict'],
  [12, 'InvalidSnapshot.InUse', 'conflict'],
  [12, 'VolumeInUse', 'conflict'],
  [13, 'InternalError', 'unavailable'],
  [13, 'Server.InternalError', 'unavailable'],
  [14, 'Unavailable', 'unavailable'],
  [15, 'ECONNRESET', 'unavailable'],
  [15, 'TimeoutError', 'unavailable'],
  [16, 'InvalidParameterValue', 'invalid'],
  [16, 'Unsupported', 'invalid'],
  [16, 'UnknownParameter', 'invalid'],
  [17, 403, 'auth'],
  [18, 404, 'not-found'],
  [19, 400, 'invalid'],
  [20, 500, 'unavailable'],
  [21, 502, 'unavailable'],
  [22, 503, 'unavailable'],
]

describe('the table of errors', () => {
  test.each(CASES)('row %i: %s is %s', (row, code, kind) => {
    const { on } = ERROR_TABLE[row] ?? { on: /never/ }
    expect(on instanceof RegExp ? on.test(String(code)) : on.status === code).toBe(true)
    const thrown = typeof code === 'number' ? error('Strange', code) : error(code)
    const mapped = toPlatformError(thrown, 'testing')
    expect(mapped).toBeInstanceOf(PlatformError)
    expect(mapped).toMatchObject({ kind, cause: thrown })
  })

  test('has a case for every row, and a source in every row', () => {
    expect([...new Set(CASES.map(([row]) => row))].sort((a, b) => a - b)).toEqual([...ERROR_TABLE.keys()])
    for (const { source } of ERROR_TABLE) expect(source).toMatch(/^https:\/\//)
  })

  test('a code wins over a status', () => {
    expect(toPlatformError(error('InsufficientInstanceCapacity', 500), 'x')).toMatchObject({ kind: 'capacity' })
  })
})

test('missing credentials and a missing region are of this host, with what to do', () => {
  const credentials = toPlatformError(error('CredentialsProviderError'), 'signing in')
  expect(credentials).toBeInstanceOf(PrerequisiteError)
  expect(credentials.hint).toContain('aws configure sso')
  const region = toPlatformError(new Error('Region is missing'), 'signing in')
  expect(region.message).toBe('no region of AWS is set')
})

test('an instance that ended by itself tells why', () => {
  const ended = endedError({ Code: 'Server.InsufficientInstanceCapacity', Message: 'no capacity' }, 'one')
  expect(ended).toMatchObject({ kind: 'capacity', message: 'EC2 ended one: no capacity' })
  expect(endedError(undefined, 'one').kind).toBe('unavailable')
})
