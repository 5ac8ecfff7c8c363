// Breaks the answers of the simulated EC2 one by one, and shows that the life of a machine, which passes over the real simulator, then fails.
// `node bench/ec2-mutants.ts [PART OF A NAME]`. Prints a line for each mutant and the score; exits with 1 when one survives.
import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as send } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { openPlatformNamed } from '../src/platforms/open-platform.ts'
import { waitUntil } from '../src/core/wait-until.ts'
import simulator from '../src/simulate/ec2/simulator.ts'
import { parseFaults } from '../src/simulate/faults.ts'
import { MemoryBackend } from '../src/simulate/memory/memory-backend.ts'
import { serve } from '../src/simulate/serve.ts'
import type { ApiReply, ApiRequest } from '../src/simulate/serve.ts'

// What broken answers leave in ledgers must not be looked for by the sweeps of this host.
const ledgers = mkdtempSync(join(tmpdir(), 'mutants-'))
process.env['HARNESS_STATE_DIR'] = ledgers
process.on('exit', () => rmSync(ledgers, { recursive: true, force: true }))

interface Mutant {
  what: string
  operation: string
  /** Changes the parameters that reach the simulator. */
  request?: (form: URLSearchParams) => void
  /** Changes the answer. */
  answer?: (body: string) => string
  /** Answers like this without doing anything. */
  ignore?: true
}

const drop = (start: string) => (form: URLSearchParams) => {
  for (const key of [...form.keys()]) if (key.startsWith(start)) form.delete(key)
}
const set = (key: string, value: string) => (form: URLSearchParams) => form.set(key, value)
const swap = (from: RegExp, to: string) => (body: string) => body.replaceAll(from, to)
const state = (name: string) => swap(/<name>(pending|running|stopped)<\/name>/g, `<name>${name}</name>`)

const MUTANTS: readonly Mutant[] = [
  { what: 'no id of the new machine', operation: 'RunInstances', answer: swap(/<instanceId>[^<]*<\/instanceId>/g, '') },
  { what: 'the token is ignored', operation: 'RunInstances', request: drop('ClientToken') },
  { what: 'user-data are lost', operation: 'RunInstances', request: drop('UserData') },
  { what: 'user-data are others', operation: 'RunInstances', request: set('UserData', 'b3RoZXI=') },
  { what: 'the key is lost', operation: 'RunInstances', request: drop('KeyName') },
  { what: 'marks are lost', operation: 'RunInstances', request: drop('TagSpecification') },
  {
    what: 'a shutdown of the guest only stops',
    operation: 'RunInstances',
    request: set('InstanceInitiatedShutdownBehavior', 'stop'),
  },
  {
    what: 'no public address',
    operation: 'RunInstances',
    request: set('NetworkInterface.1.AssociatePublicIpAddress', 'false'),
  },
  {
    what: 'no capacity is called a quota',
    operation: 'RunInstances',
    answer: swap(/InsufficientInstanceCapacity/g, 'VcpuLimitExceeded'),
  },
  { what: 'a launch is pending for ever', operation: 'DescribeInstances', answer: state('pending') },
  { what: 'every machine has ended', operation: 'DescribeInstances', answer: state('terminated') },
  { what: 'no address is told', operation: 'DescribeInstances', answer: swap(/<ipAddress>[^<]*<\/ipAddress>/g, '') },
  {
    what: 'another address is told',
    operation: 'DescribeInstances',
    answer: swap(/<ipAddress>[^<]*<\/ipAddress>/g, '<ipAddress>192.0.2.9</ipAddress>'),
  },
  { what: 'another zone is told', operation: 'DescribeInstances', answer: swap(/eu-west-1b/g, 'eu-west-1c') },
  {
    what: 'nothing is listed',
    operation: 'DescribeInstances',
    answer: swap(/<reservationSet>.*<\/reservationSet>/gs, '<reservationSet/>'),
  },
  { what: 'machines are not destroyed', operation: 'TerminateInstances', ignore: true },
  { what: 'machines are not stopped', operation: 'StopInstances', ignore: true },
  { what: 'machines are not started', operation: 'StartInstances', ignore: true },
  { what: 'machines are not rebooted', operation: 'RebootInstances', ignore: true },
  {
    what: 'the console is empty',
    operation: 'GetConsoleOutput',
    answer: swap(/<output>[^<]*<\/output>/g, '<output></output>'),
  },
  {
    what: 'the console is cut',
    operation: 'GetConsoleOutput',
    answer: swap(/<output>([^<]{40})[^<]*<\/output>/g, '<output>$1</output>'),
  },
  { what: 'only one page of images', operation: 'DescribeImages', answer: swap(/<nextToken>[^<]*<\/nextToken>/g, '') },
  { what: 'images of another architecture', operation: 'DescribeImages', answer: swap(/x86_64/g, 'arm64') },
  { what: 'images for another boot mode', operation: 'DescribeImages', answer: swap(/uefi-preferred/g, 'legacy-bios') },
  {
    what: 'all images are of one day',
    operation: 'DescribeImages',
    answer: swap(/<creationDate>[^<]*</g, '<creationDate>2026-01-01T00:00:00.000Z<'),
  },
  { what: 'types boot by BIOS only', operation: 'DescribeInstanceTypes', answer: swap(/<item>uefi<\/item>/g, '') },
  {
    what: 'no zone has the type',
    operation: 'DescribeInstanceTypeOfferings',
    answer: swap(/<instanceTypeOfferingSet>.*<\/instanceTypeOfferingSet>/gs, ''),
  },
  { what: 'no default VPC', operation: 'DescribeVpcs', answer: swap(/<vpcSet>.*<\/vpcSet>/gs, '<vpcSet/>') },
  { what: 'no subnets', operation: 'DescribeSubnets', answer: swap(/<subnetSet>.*<\/subnetSet>/gs, '<subnetSet/>') },
  { what: 'the key is not imported', operation: 'ImportKeyPair', ignore: true },
  { what: 'the key is not removed', operation: 'DeleteKeyPair', ignore: true },
  { what: 'the security group is not removed', operation: 'DeleteSecurityGroup', ignore: true },
  {
    what: 'an image is never finished',
    operation: 'DescribeImages',
    answer: (body) => (body.includes('mutant-snapshot') ? body.replaceAll('>available<', '>pending<') : body),
  },
  { what: 'images are not removed', operation: 'DeregisterImage', ignore: true },
  { what: 'snapshots are not removed', operation: 'DeleteSnapshot', ignore: true },
  { what: 'disks are not attached', operation: 'AttachVolume', ignore: true },
  { what: 'disks are not detached', operation: 'DetachVolume', ignore: true },
  { what: 'disks are not removed', operation: 'DeleteVolume', ignore: true },
  { what: 'marks are not listed', operation: 'DescribeTags', answer: swap(/<tagSet>.*<\/tagSet>/gs, '<tagSet/>') },
  { what: 'marks of a page only', operation: 'DescribeTags', answer: swap(/<nextToken>[^<]*<\/nextToken>/g, '') },
]

const fault = await life(undefined)
assert.equal(fault, undefined, `the life of a machine fails without a mutant: ${fault}`)
const only = process.argv[2]
const limit = pLimit(4)
const results = await Promise.all(
  MUTANTS.filter(({ what }) => only === undefined || what.includes(only)).map((mutant) =>
    limit(async () => ({ mutant, killed: await life(mutant) })),
  ),
)
for (const { mutant, killed } of results)
  console.log(
    `${killed === undefined ? 'SURVIVES' : 'dies'}  ${mutant.operation}: ${mutant.what}${killed === undefined ? '' : ` (${killed.slice(0, 90)})`}`,
  )
const dead = results.filter(({ killed }) => killed !== undefined).length
console.log(`${dead} of ${results.length} mutants die`)
if (dead < results.length) process.exitCode = 1

/** The life of some machines over an API that a mutant changes. Returns what went wrong. */
async function life(mutant: Mutant | undefined): Promise<string | undefined> {
  const sshPort = 20_000 + Math.floor(Math.random() * 20_000)
  await using backend = new MemoryBackend({ bootMs: 0, agentMs: 0, sshPort })
  const faults = parseFaults('lost-reply:RunInstances:x1,stockout:eu-west-1a')
  await using real = await simulator.start({ backend, images: {}, pendingMs: 20, delayMs: 0, pageSize: 2, faults })
  await using changed = await serve((request) => pass(request, real.endpoint, mutant))
  const options = { ...real.options, endpoint: changed.endpoint, 'ssh-port': sshPort, user: 'root' }
  const within = { deadline: '8 seconds' } as const
  const session = await openPlatformNamed('ec2', options, { onWarning: () => {} })
  try {
    const image = await session.resolveImage('debian-13')
    assert.equal(image.description, 'debian-13-amd64-20260801-2190')
    const userData = '#cloud-config\n# mutants\n'
    const launch = { image: image.id, boot: 'uefi', ...within }
    const instance = await session.launch({ ...launch, userData })
    assert.match(String(instance.machine.placement), /eu-west-1b/)
    assert.deepEqual(
      (await session.list()).map(({ id }) => id),
      [instance.id],
    )
    const kinds = (await session.resources()).map(({ kind }) => kind)
    assert.deepEqual(kinds.sort(), ['disk', 'key', 'machine', 'network', 'nic'])
    await instance.waitUntilReachable(within)
    assert.equal(await instance.sh`cat /var/lib/cloud/seed/user-data`, userData.trim())
    assert.match(await instance.consoleLog(), /SSH HOST KEY/)
    const first = await instance.bootId()
    await instance.machine.restart({ deadlineMs: 8000 })
    const second = await instance.waitUntilReachable({ ...within, notBootId: first })
    await instance.machine.stop({ deadlineMs: 8000 })
    assert.equal(await backend.state(instance.id), 'stopped')
    await instance.machine.start({ deadlineMs: 8000 })
    assert.notEqual(await instance.waitUntilReachable(within), second)
    await within8(instance.addDisk({ sizeGiB: 1 }).then(({ id }) => instance.removeDisk(id)))
    const snapshot = await instance.snapshot('mutant-snapshot', within)
    await snapshot.delete()
    const doomed = await session.launch(launch)
    await doomed.waitUntilReachable(within)
    await backend.stop(doomed.id)
    await waitUntil({ what: 'the end of a machine that shut itself down', deadlineMs: 8000 }, async () => {
      const now = await backend.state(doomed.id)
      return now === 'gone' ? { done: true, value: now } : { done: false, saw: now }
    })
    await instance.destroy(within)
    assert.equal(await backend.state(instance.id), 'gone')
    await session.close()
    assert.ok(!real.calls.some(({ operation }) => operation === 'CreateVpc'), 'a VPC was made')
    await using direct = await openPlatformNamed('ec2', { ...real.options })
    assert.deepEqual(await direct.resources(), [])
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  } finally {
    await session.close().catch(() => undefined)
  }
}

/** Steps whose own deadline is longer than a mutant is waited for. */
async function within8<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('it takes too long')), 8000)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}

/** Hands a request on, changed by the mutant. */
async function pass(request: ApiRequest, endpoint: string, mutant: Mutant | undefined): Promise<ApiReply> {
  const form = new URLSearchParams(request.body.toString('utf8'))
  const struck = mutant !== undefined && form.get('Action') === mutant.operation ? mutant : undefined
  if (struck?.ignore)
    return { status: 200, body: `<${struck.operation}Response><return>true</return></${struck.operation}Response>` }
  struck?.request?.(form)
  const answer = await forward(request, endpoint, form.toString())
  if (typeof answer === 'string' || !struck?.answer) return answer
  return { ...answer, body: struck.answer(answer.body) }
}

function forward(
  { headers, method }: ApiRequest,
  endpoint: string,
  body: string,
): Promise<{ status: number; body: string } | 'cut'> {
  return new Promise((resolve) => {
    const outgoing = send(
      endpoint,
      { method, agent: false, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) } },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        )
      },
    )
    outgoing.on('error', () => resolve('cut'))
    outgoing.end(body)
  })
}
