import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
  RebootInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
} from '@aws-sdk/client-ec2'
import type { EC2Client, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { describe, expect, test } from 'vitest'
import { waitUntil } from '../../../../src/core/wait-until.ts'
import { RebootingBackend } from '../rebooting-backend.ts'
import { openEc2 } from './open-ec2.ts'

const quick = (client: EC2Client) => ({ client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.05 })

async function anImage(client: EC2Client): Promise<string> {
  const { Images = [] } = await client.send(
    new DescribeImagesCommand({
      Owners: ['136693071363'],
      Filters: [{ Name: 'name', Values: ['debian-13-amd64-2*'] }],
    }),
  )
  return Images[0]?.ImageId ?? ''
}

async function run(client: EC2Client, more: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const input = { ImageId: await anImage(client), InstanceType: 't3.small' as const, MinCount: 1, MaxCount: 1, ...more }
  const { Instances } = await client.send(new RunInstancesCommand(input))
  return Instances?.[0]?.InstanceId ?? ''
}

const stateOf = async (client: EC2Client, id: string) => {
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))
  return Reservations?.[0]?.Instances?.[0]
}

/** The vendor's waiter fails on a state before `shutting-down`, and what ends by itself has such a state first. */
async function untilTerminated(client: EC2Client, id: string): Promise<void> {
  await waitUntil({ what: 'the end', deadlineMs: 20_000, intervalMs: 10 }, async () => {
    const state = (await stateOf(client, id))?.State?.Name
    return state === 'terminated' ? { done: true, value: undefined } : { done: false, saw: String(state) }
  })
}

describe('an instance', () => {
  test('is pending, runs with an address, and ends', async () => {
    await using ec2 = await openEc2({ pendingMs: 500 })
    const { client, backend } = ec2
    const id = await run(client)
    expect((await stateOf(client, id))?.State?.Name).toBe('pending')
    await waitUntilInstanceRunning(quick(client), { InstanceIds: [id] })
    expect((await stateOf(client, id))?.PublicIpAddress).toMatch(/^127\./)
    await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    await untilTerminated(client, id)
    expect(await backend.state(id)).toBe('gone')
  })

  test('can be terminated while it is pending', async () => {
    await using ec2 = await openEc2({ pendingMs: 100 })
    const id = await run(ec2.client)
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    await untilTerminated(ec2.client, id)
    expect(await ec2.backend.state(id)).toBe('gone')
  })

  test('is unknown for a moment', async () => {
    await using ec2 = await openEc2({ delayMs: 300 })
    const id = await run(ec2.client)
    await expect(stateOf(ec2.client, id)).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' })
    await waitUntilInstanceRunning(quick(ec2.client), { InstanceIds: [id] })
  })

  test('is made once for one token, and not for other parameters', async () => {
    await using ec2 = await openEc2()
    const ClientToken = 'once'
    const id = await run(ec2.client, { ClientToken })
    expect(await run(ec2.client, { ClientToken })).toBe(id)
    await expect(run(ec2.client, { ClientToken, InstanceType: 't3.micro' })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
    })
  })

  test('that the guest shut down ends when it was launched so, else stops', async () => {
    await using ec2 = await openEc2()
    const [stops, ends] = [
      await run(ec2.client),
      await run(ec2.client, { InstanceInitiatedShutdownBehavior: 'terminate' }),
    ]
    await waitUntilInstanceRunning(quick(ec2.client), { InstanceIds: [stops, ends] })
    await ec2.backend.stop(stops)
    await ec2.backend.stop(ends)
    await untilTerminated(ec2.client, ends)
    expect((await stateOf(ec2.client, stops))?.State?.Name).toBe('stopped')
  })

  test('whose guest reboots is off for a moment and goes on', async () => {
    const backend = new RebootingBackend({ bootMs: 0, agentMs: 0 })
    await using ec2 = await openEc2({ backend })
    const id = await run(ec2.client, { InstanceInitiatedShutdownBehavior: 'terminate' })
    await waitUntilInstanceRunning(quick(ec2.client), { InstanceIds: [id] })
    backend.off.add(id)
    for (let look = 0; look < 3; look++) expect((await stateOf(ec2.client, id))?.State?.Name).toBe('running')
    backend.off.delete(id)
    expect((await stateOf(ec2.client, id))?.State?.Name).toBe('running')
  })

  test('runs on when its host could not reboot it', async () => {
    const backend = new RebootingBackend({ bootMs: 0, agentMs: 0 })
    await using ec2 = await openEc2({ backend })
    const id = await run(ec2.client)
    await waitUntilInstanceRunning(quick(ec2.client), { InstanceIds: [id] })
    backend.refuses = true
    await ec2.client.send(new RebootInstancesCommand({ InstanceIds: [id] }))
    for (let look = 0; look < 3; look++) expect((await stateOf(ec2.client, id))?.State?.Name).toBe('running')
  })

  test('shows its console after its end', async () => {
    await using ec2 = await openEc2()
    const id = await run(ec2.client)
    await waitUntilInstanceRunning(quick(ec2.client), { InstanceIds: [id] })
    await ec2.client.send(new TerminateInstancesCommand({ InstanceIds: [id] }))
    await untilTerminated(ec2.client, id)
    const { Output = '' } = await ec2.client.send(new GetConsoleOutputCommand({ InstanceId: id }))
    expect(Buffer.from(Output, 'base64').toString()).toContain('Linux version')
  })

  test.each([
    [{ ImageId: 'ami-1' }, 'InvalidAMIID.Malformed'],
    [{ ImageId: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound'],
    [{ InstanceType: 't4g.micro' as const }, 'InvalidParameterValue'],
    [{ UserData: Buffer.alloc(16_385, 'x').toString('base64') }, 'InvalidParameterValue'],
    [{ KeyName: 'nobody' }, 'InvalidKeyPair.NotFound'],
    [{ SecurityGroupIds: ['sg-0123456789abcdef0'] }, 'InvalidGroup.NotFound'],
    [{ SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound'],
    [{ DryRun: true }, 'DryRunOperation'],
    [{ EbsOptimized: true }, 'UnsupportedOperation'],
  ])('launched with %j is %s', async (more, name) => {
    await using ec2 = await openEc2()
    await expect(run(ec2.client, more)).rejects.toMatchObject({ name })
  })
})

describe('a fault', () => {
  test.each([
    ['throttle', 'RequestLimitExceeded'],
    ['unavailable', 'Unavailable'],
    ['stockout:eu-west-1a', 'InsufficientInstanceCapacity'],
    ['quota', 'VcpuLimitExceeded'],
    ['denied:RunInstances', 'UnauthorizedOperation'],
    ['expired:RunInstances', 'RequestExpired'],
    ['reset:RunInstances', 'TimeoutError'],
  ])('%s is %s', async (fault, name) => {
    await using ec2 = await openEc2({ fault: fault.includes(':') ? fault : `${fault}:RunInstances` })
    await expect(run(ec2.client)).rejects.toMatchObject({ name })
  })

  test('a lost reply is of a call that was done, and its token gives the answer', async () => {
    await using ec2 = await openEc2({ fault: 'lost-reply:RunInstances:x1' })
    const ClientToken = 'lost'
    await expect(run(ec2.client, { ClientToken })).rejects.toMatchObject({ name: 'TimeoutError' })
    const id = await run(ec2.client, { ClientToken })
    const { Reservations = [] } = await ec2.client.send(new DescribeInstancesCommand({}))
    expect(Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId))).toEqual([id])
  })

  test('an accepted launch can fail', async () => {
    await using ec2 = await openEc2({ fault: 'async-failure' })
    const id = await run(ec2.client)
    await untilTerminated(ec2.client, id)
    expect((await stateOf(ec2.client, id))?.StateReason?.Code).toBe('Server.InternalError')
  })

  test('a spot instance can be taken away', async () => {
    await using ec2 = await openEc2({ fault: 'interrupt' })
    const id = await run(ec2.client, { InstanceMarketOptions: { MarketType: 'spot' } })
    await untilTerminated(ec2.client, id)
    expect((await stateOf(ec2.client, id))?.StateReason?.Code).toBe('Server.SpotInstanceTermination')
  })
})

test('lists come in pages, however few were asked for', async () => {
  await using ec2 = await openEc2({ pageSize: 2 })
  const ids = [await run(ec2.client), await run(ec2.client), await run(ec2.client)]
  const first = await ec2.client.send(new DescribeInstancesCommand({}))
  const second = await ec2.client.send(new DescribeInstancesCommand({ NextToken: first.NextToken }))
  expect([first.Reservations?.length, second.Reservations?.length, second.NextToken]).toEqual([2, 1, undefined])
  expect(second.Reservations?.[0]?.Instances?.[0]?.InstanceId).toBe(ids[2])
})
