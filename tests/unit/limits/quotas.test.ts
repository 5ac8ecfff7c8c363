import { expect, test } from 'vitest'
import { claimsOf } from '../../../src/limits/quotas.ts'

const demand = { platform: 'ec2', region: 'eu-west-1', instanceType: 't3.micro', machines: 3, vcpus: 2 }

test('without limits nothing is claimed', () => {
  expect(claimsOf(undefined, demand)).toEqual([])
  expect(claimsOf({}, demand)).toEqual([])
})

test('machines and vCPUs are claimed for the most a cell has at a time', () => {
  expect(claimsOf({ vcpus: 32, machines: 10 }, demand)).toEqual([
    { quota: 'ec2/eu-west-1/machines', units: 3, limit: 10 },
    { quota: 'ec2/eu-west-1/vcpus', units: 6, limit: 32 },
  ])
})

test('a region has its own numbers, and keeps the others', () => {
  expect(claimsOf({ vcpus: 32, machines: 10, regions: { 'eu-west-1': { vcpus: 8 } } }, demand)).toEqual([
    { quota: 'ec2/eu-west-1/machines', units: 3, limit: 10 },
    { quota: 'ec2/eu-west-1/vcpus', units: 6, limit: 8 },
  ])
})

test('the vCPUs of an unknown type must be told', () => {
  const unknown = { ...demand, instanceType: 'x9.huge', vcpus: undefined }
  expect(() => claimsOf({ vcpus: 32 }, unknown)).toThrow('nobody knows how many vCPUs x9.huge of ec2 has')
  expect(claimsOf({ vcpus: 32, 'vcpus-of': { 'x9.huge': 4 } }, unknown)).toMatchObject([{ units: 12 }])
  expect(claimsOf({ machines: 4 }, unknown)).toHaveLength(1)
})

test('a cell that can never get its units is refused at once', () => {
  expect(() => claimsOf({ machines: 2 }, demand)).toThrow('needs 3 units of ec2/eu-west-1/machines, and the limit is 2')
})

test('what an account has limits, and refuses only what it can never take', () => {
  const limits = (vcpus: number) => ({ regions: { 'eu-west-1': { vcpus, 'account-vcpus': 8 } } })
  expect(claimsOf(limits(7), demand)).toMatchObject([{ units: 6, limit: 7 }])
  expect(claimsOf(limits(2), demand)).toMatchObject([{ units: 6, limit: 6 }])
  expect(claimsOf(limits(7), { ...demand, vcpus: undefined })).toEqual([])
  expect(() => claimsOf(limits(7), { ...demand, machines: 5 })).toThrow('needs 10 units')
})
