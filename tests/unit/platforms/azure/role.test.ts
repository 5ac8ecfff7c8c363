import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Session } from '../../../../src/platforms/session.ts'
import { actionFor } from '../../../../src/simulate/azure/access.ts'
import { simulated } from '../../simulate/azure/simulated.ts'
import platform from '../../../../src/platforms/azure/platform.ts'

vi.setConfig({ testTimeout: 60_000 })

const text = await readFile(new URL('../../../../src/platforms/azure/role.json', import.meta.url), 'utf8')
const granted = (JSON.parse(text) as { Actions: string[] }).Actions
/** What the real API asks besides, and what only a sweep needs, stands after the empty line. */
const [first = ''] = text.split('\n\n')

test('the role is enough for the whole life of a machine, and nothing in it is for nothing', async () => {
  await using world = await simulated({ principals: { simulated: { actions: granted } } })
  await life(world.session)
  await platform.doctor({ ...world.simulator.options })
  await world.session.close()
  const isCall = (operation: string) => !operation.startsWith('blobs.')
  const used = new Set(
    world
      .operations()
      .filter(isCall)
      .map((operation) => actionFor(operation)),
  )
  expect([...used].filter((action) => !granted.includes(action))).toEqual([])
  expect(granted.filter((action) => first.includes(action) && !used.has(action))).toEqual([])
})

test('without a permission the refusal names it', async () => {
  const missing = 'Microsoft.Compute/virtualMachines/write'
  await using world = await simulated({
    principals: { simulated: { actions: granted.filter((one) => one !== missing) } },
  })
  await expect(world.session.launch({ image: 'debian-13' })).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringContaining(missing) as string,
  })
})

test('a token that is over is a matter of credentials', async () => {
  await using world = await simulated({ principals: { simulated: { expires: Date.now() - 1 } } })
  await expect(world.session.resolveImage('debian-13')).rejects.toMatchObject({ kind: 'auth' })
})

async function life(session: Session): Promise<void> {
  const instance = await session.launch({ image: 'debian-13' })
  const { machine } = instance
  const waiting = { deadlineMs: 10_000 }
  await machine.hostKeys?.()
  await machine.addresses()
  await machine.restart(waiting)
  await machine.restart({ ...waiting, force: true })
  await machine.stop(waiting)
  await machine.start(waiting)
  await machine.removeDisk((await machine.addDisk({ sizeGiB: 1 })).id)
  const { id } = await machine.snapshot('one', waiting)
  await session.resolveImage(id)
  const folder = await mkdtemp(join(tmpdir(), 'azure-role-'))
  try {
    const file = join(folder, 'disk.vhd')
    const footer = Buffer.alloc(512)
    footer.write('conectix')
    footer.writeUInt32BE(2, 60)
    await writeFile(file, Buffer.concat([Buffer.alloc(1024 ** 2, 1), footer]))
    const image = await session.resolveImage(file)
    await using copy = await session.launch({ image: image.id })
    expect(await copy.state()).toBe('running')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  for (const resource of await session.resources()) if (resource.kind !== 'network') await session.remove(resource)
}
