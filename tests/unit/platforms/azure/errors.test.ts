import { expect, test } from 'vitest'
import { ERROR_TABLE, toPlatformError } from '../../../../src/platforms/azure/errors.ts'
import type { ErrorRow } from '../../../../src/platforms/azure/errors.ts'

/** What a failure of each row looks like, in the order of the table. */
const SAMPLES: readonly (readonly [kind: string, status: number | undefined, code: string, message: string])[] = [
  ['capacity', 409, 'ZonalAllocationFailed', 'x'],
  ['capacity', 409, 'SkuNotAvailable', 'x'],
  ['capacity', 409, 'SpotEvicted', 'x'],
  ['quota', 409, 'QuotaExceeded', 'x'],
  ['quota', 409, 'OperationNotAllowed', 'it results in exceeding approved Total Regional Cores quota'],
  ['quota', 400, 'PublicIPCountLimitReached', 'x'],
  ['throttled', undefined, 'OperationThrottled', 'x'],
  ['throttled', 429, '', 'x'],
  ['auth', 403, 'AuthorizationFailed', 'x'],
  ['auth', undefined, 'InvalidAuthenticationToken', 'x'],
  ['auth', 401, '', 'x'],
  ['auth', 403, '', 'x'],
  ['not-found', undefined, 'ResourceGroupNotFound', 'x'],
  ['not-found', 404, '', 'x'],
  ['unavailable', 409, 'AnotherOperationInProgress', 'x'],
  ['conflict', 409, '', 'x'],
  ['conflict', 412, '', 'x'],
  ['unavailable', undefined, 'InternalExecutionError', 'x'],
  ['invalid', undefined, 'InvalidParameter', 'x'],
  ['invalid', 400, '', 'x'],
  ['invalid', 501, '', 'x'],
  ['unavailable', 500, '', 'x'],
  ['unavailable', 502, '', 'x'],
  ['unavailable', 503, '', 'x'],
  ['unavailable', 504, '', 'x'],
  ['unavailable', undefined, 'ECONNRESET', 'x'],
  ['unavailable', undefined, '', 'socket hang up'],
]

test('every row of the table has its sample', () => {
  expect(SAMPLES.map(([kind]) => kind)).toEqual(ERROR_TABLE.map(({ kind }) => kind))
})

test.each(ERROR_TABLE.map((row, index) => [index, row, SAMPLES[index]] as const))('row %i', (_, row, sample) => {
  const [kind = '', statusCode, code = '', message = ''] = sample ?? []
  const thrown = Object.assign(new Error(message), { ...(statusCode ? { statusCode } : {}), code })
  expect(toPlatformError(thrown, 'testing')).toMatchObject({
    name: 'PlatformError',
    kind,
    hint: row.hint,
    cause: thrown,
  })
  expect(row.source).toMatch(/^https:/)
  // No row above it would have taken this sample, and it does so by its own rule.
  expect(ERROR_TABLE.findIndex((one) => takes(one, statusCode, code, message))).toBe(ERROR_TABLE.indexOf(row))
})

test('the code of an operation that failed is in its message alone', () => {
  const error = (text: string) =>
    toPlatformError(new Error(`The long-running operation has failed. ${text}`), 'creating x')
  expect(error('AllocationFailed. Allocation failed. We do not have sufficient capacity')).toMatchObject({
    kind: 'capacity',
  })
  expect(error('OperationNotAllowed. exceeding approved Cores quota')).toMatchObject({ kind: 'quota' })
  expect(error('InternalExecutionError. An internal error')).toMatchObject({ kind: 'unavailable' })
})

test('missing credentials are a matter of this host', () => {
  const thrown = Object.assign(new Error('no credential'), { name: 'ChainedTokenCredentialAuthenticationError' })
  expect(toPlatformError(thrown, 'x')).toMatchObject({
    name: 'PrerequisiteError',
    hint: expect.stringContaining('az login') as string,
  })
})

function takes({ on }: ErrorRow, status: number | undefined, code: string, message: string): boolean {
  if (on.status !== undefined && on.status !== status) return false
  if (on.code && !on.code.test(code)) return false
  return on.says?.test(message) ?? true
}
