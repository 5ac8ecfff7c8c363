import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openPlatform } from '../../../../src/platforms/open-platform.ts'
import type { PolicyDocument } from '../../../../src/simulate/ec2/policy.ts'
import { startEc2 } from '../../../../src/simulate/ec2/simulator.ts'
import { MemoryBackend } from '../../../../src/simulate/memory/memory-backend.ts'

const FOLDER = join(import.meta.dirname, '../../../../src/platforms/ec2')
const KEY = 'AKIASIMULATED0000000'

const text = /```json\n([\s\S]*?)```/.exec(readFileSync(join(FOLDER, 'README.md'), 'utf8'))?.[1] ?? ''
const policy = JSON.parse(text) as PolicyDocument
const actions = new Set(policy.Statement.flatMap(({ Action }) => (typeof Action === 'string' ? [Action] : Action)))

/** Operations in the code, by the service their client is named after. */
function called(): Set<string> {
  // No methods of the SDK: what a create call does besides, and a signed address.
  const found = new Set<string>(['ec2:CreateTags', 'ec2-instance-connect:OpenTunnel'])
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))) {
    const code = readFileSync(join(FOLDER, file), 'utf8')
    const services = {
      ec2: /\bec2\s*\.(\w+)\(/g,
      ebs: /#sdk\s*\.(\w+)\(/g,
      servicequotas: /\bclient\.(getServiceQuota)\(/g,
    }
    for (const [service, pattern] of Object.entries(services))
      for (const [, name = ''] of code.matchAll(pattern))
        if (name !== 'destroy' && (service !== 'ebs' || file === 'client-blocks.ts'))
          found.add(`${service}:${name.charAt(0).toUpperCase()}${name.slice(1)}`)
  }
  return found
}

async function withPolicy(allowed: PolicyDocument) {
  const backend = new MemoryBackend({ bootMs: 0, agentMs: 0 })
  const running = await startEc2({
    backend,
    images: {},
    pendingMs: 10,
    delayMs: 0,
    principals: { [KEY]: { policy: allowed } },
  })
  const session = await openPlatform('ec2', { ...running.options })
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

/** A machine with everything that a check may do to it. */
async function work({ session }: { session: Awaited<ReturnType<typeof withPolicy>>['session'] }): Promise<void> {
  const instance = await session.launch({ image: 'debian-13' })
  await instance.addDisk({ sizeGiB: 1 }).then(({ id }) => instance.removeDisk(id))
  await instance.addNic().then(({ id }) => instance.removeNic(id))
  await instance.consoleLog()
  const snapshot = await instance.snapshot()
  await snapshot.delete()
  await instance.destroy()
  await session.resources()
  await session.close()
}

describe('the policy in the README', () => {
  test('names what the code calls, and nothing else', () => {
    expect([...actions].sort()).toEqual([...called()].sort())
  })

  test('is enough for a machine and all that is done to it', async () => {
    await using ec2 = await withPolicy(policy)
    await work(ec2)
    expect(await ec2.session.resources()).toEqual([])
  })

  test.each(['ec2:RunInstances', 'ec2:CreateTags', 'ec2:CreateImage', 'ec2:DeleteVolume', 'ec2:DescribeTags'])(
    'does not work without %s, and the error says so',
    async (action) => {
      const Statement = policy.Statement.map((statement) => ({
        ...statement,
        Action: [statement.Action].flat().filter((name) => name !== action),
      }))
      await using ec2 = await withPolicy({ Statement })
      await expect(work(ec2)).rejects.toMatchObject({ message: expect.stringContaining('not authorized') })
    },
  )

  test('touches nothing that does not carry our marks', async () => {
    await using ec2 = await withPolicy({ Statement: policy.Statement.filter(({ Sid }) => Sid !== 'UseWhatIsThere') })
    const others = ec2.session.driver
    await expect(
      others.remove({ kind: 'image', id: (await ec2.session.resolveImage('debian-13')).id }),
    ).rejects.toMatchObject({
      kind: 'auth',
    })
  })
})
