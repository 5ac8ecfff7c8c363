import { describe, expect, test } from 'vitest'
import { authorize, readCaller } from '../../../../src/simulate/ec2/caller.ts'
import { allows } from '../../../../src/simulate/ec2/policy.ts'
import simulator from '../../../../src/simulate/ec2/simulator.ts'

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0)

const request = (date: string, key = 'KEY') => ({
  method: 'POST',
  url: new URL('http://127.0.0.1/'),
  body: Buffer.alloc(0),
  headers: {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261122/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0`,
  },
})

describe('a caller', () => {
  test('is known by key and region', () => {
    const caller = readCaller(request('20261122T120400Z'), { KEY: {} }, NOW)
    expect(caller).toMatchObject({ accessKey: 'KEY', region: 'eu-west-1', service: 'ec2' })
  })

  test.each([
    ['whose clock is six minutes ahead', request('20261122T120600Z'), { KEY: {} }, 'RequestExpired'],
    ['whose clock is six minutes behind', request('20261122T115400Z'), { KEY: {} }, 'RequestExpired'],
    ['whose credentials are over', request('20261122T120000Z'), { KEY: { expires: NOW } }, 'RequestExpired'],
    ['nobody knows', request('20261122T120000Z', 'OTHER'), { KEY: {} }, 'AuthFailure'],
    ['who signs nothing', { ...request('20261122T120000Z'), headers: {} }, {}, 'MissingAuthenticationToken'],
  ])('%s is refused', (_, from, principals, code) => {
    expect(() => readCaller(from, principals, NOW)).toThrow(expect.objectContaining({ code }))
  })

  test('may do what the policy says', () => {
    const policy = { Statement: [{ Effect: 'Allow', Action: 'ec2:Describe*' }] }
    const caller = { accessKey: 'KEY', principal: { policy } }
    authorize(caller, 'ec2:DescribeInstances', {})
    expect(() => authorize(caller, 'ec2:RunInstances', {})).toThrow(
      expect.objectContaining({ code: 'UnauthorizedOperation', status: 403 }),
    )
  })
})

describe('a policy', () => {
  test.each([
    ['allows nothing by itself', [], false],
    ['allows what a statement allows', [{ Effect: 'Allow', Action: ['ec2:Run*'] }], true],
    [
      'denies what any statement denies',
      [
        { Effect: 'Allow', Action: '*' },
        { Effect: 'Deny', Action: 'ec2:RunInstances' },
      ],
      false,
    ],
    [
      'holds conditions',
      [{ Effect: 'Allow', Action: '*', Condition: { StringEquals: { 'aws:ResourceTag/a': 'b' } } }],
      true,
    ],
    [
      'holds conditions that fail',
      [{ Effect: 'Allow', Action: '*', Condition: { StringEquals: { 'aws:ResourceTag/a': 'c' } } }],
      false,
    ],
    [
      'looks for what must be absent',
      [{ Effect: 'Allow', Action: '*', Condition: { Null: { 'aws:ResourceTag/a': 'true' } } }],
      false,
    ],
  ])('%s', (_, Statement, expected) => {
    expect(allows({ Statement }, 'ec2:RunInstances', { 'aws:ResourceTag/a': 'b' })).toBe(expected)
  })

  test('with an operator nobody knows is no policy', () => {
    const Statement = [{ Effect: 'Allow', Action: '*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }]
    expect(() => allows({ Statement }, 'ec2:RunInstances', {})).toThrow('IpAddress')
  })
})

test('every behaviour has an id of its own, and a page that documents it unless it is assumed', () => {
  const { behaviours } = simulator
  expect(new Set(behaviours.map(({ id }) => id)).size).toBe(behaviours.length)
  for (const behaviour of behaviours)
    if (behaviour.basis === 'documented')
      expect(behaviour.source).toMatch(/^https:\/\/(docs\.aws\.amazon\.com|github\.com\/(boto|aws))\//)
})
