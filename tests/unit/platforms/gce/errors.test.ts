import { expect, test } from 'vitest'
import { PlatformError } from '../../../../src/core/errors.ts'
import { ERROR_TABLE, operationError, toPlatformError } from '../../../../src/platforms/gce/errors.ts'
import type { ErrorRow } from '../../../../src/platforms/gce/errors.ts'

/** What a failure of each row looks like, in the order of the table. */
const SAMPLES: readonly (readonly [kind: string, status: number | undefined, code: string, message: string])[] = [
  ['capacity', 503, 'ZONE_RESOURCE_POOL_EXHAUSTED', 'x'],
  ['capacity', 503, '', "The zone 'a' does not have enough resources available to fulfill the request."],
  ['quota', 403, 'quotaExceeded', 'x'],
  ['quota', 403, '', "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-central1."],
  ['throttled', 403, 'rateLimitExceeded', 'x'],
  ['throttled', 403, '', "Quota exceeded for quota metric 'Read requests' of service 'compute.googleapis.com'"],
  ['throttled', 429, '', 'x'],
  ['not-found', undefined, 'RESOURCE_NOT_FOUND', 'x'],
  ['conflict', undefined, 'RESOURCE_ALREADY_EXISTS', 'x'],
  ['unavailable', 400, 'RESOURCE_NOT_READY', 'x'],
  ['conflict', undefined, 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', 'x'],
  ['auth', undefined, 'PERMISSIONS_ERROR', 'x'],
  ['unavailable', undefined, 'INTERNAL_ERROR', 'x'],
  ['invalid', undefined, 'INVALID_USAGE', 'x'],
  ['auth', 401, '', 'x'],
  ['auth', 403, '', 'x'],
  ['auth', undefined, '', 'invalid_grant: Token has been expired or revoked.'],
  ['not-found', 404, '', 'x'],
  ['conflict', 409, '', 'x'],
  ['conflict', 412, '', 'x'],
  ['invalid', 413, '', 'x'],
  ['invalid', 400, '', 'x'],
  ['unavailable', 500, '', 'x'],
  ['invalid', 501, '', 'x'],
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
  const [kind = '', status, code = '', message = ''] = sample ?? []
  const thrown = Object.assign(new Error(message), { ...(status ? { httpStatusCode: status } : {}), reason: code })
  const mapped = toPlatformError(thrown, 'testing')
  expect(mapped).toBeInstanceOf(PlatformError)
  expect(mapped).toMatchObject({ kind, hint: row.hint, cause: thrown })
  expect(mapped.message).toContain(message)
  expect(row.source).toMatch(/^https:/)
  // No row above it would have taken this sample, and it does so by its own rule.
  expect(ERROR_TABLE.findIndex((one) => takes(one, status, code, message))).toBe(ERROR_TABLE.indexOf(row))
})

test('errors of operations are mapped by their codes', () => {
  const error = operationError(
    [{ code: 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', message: 'full' }],
    'creating x',
    503,
  )
  expect(error).toMatchObject({ kind: 'capacity', message: 'Compute Engine failed creating x: full' })
})

test('missing credentials are a matter of this host', () => {
  const error = toPlatformError(new Error('Could not load the default credentials. Browse to ...'), 'signing in')
  expect(error).toMatchObject({ name: 'PrerequisiteError', blame: 'host' })
  expect(error.hint).toContain('gcloud auth application-default login')
})

test('the reason in the body of an answer counts, as older clients give it', () => {
  const body = JSON.stringify({ error: { code: 403, errors: [{ reason: 'quotaExceeded' }] } }, undefined, 1)
  expect(toPlatformError(Object.assign(new Error(body), { code: 403 }), 'x')).toMatchObject({ kind: 'quota' })
})

function takes({ on }: ErrorRow, status: number | undefined, code: string, message: string): boolean {
  if (on.status !== undefined) return on.status === status
  return on.code ? on.code.test(code) : (on.says?.test(message) ?? false)
}
