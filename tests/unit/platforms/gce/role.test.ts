import { readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import type { Session } from '../../../../src/platforms/session.ts'
import { permissionFor } from '../../../../src/simulate/gce/access.ts'
import { simulated } from '../../simulate/gce/simulated.ts'

vi.setConfig({ testTimeout: 60_000 })

const text = await readFile(new URL('../../../../src/platforms/gce/role.yaml', import.meta.url), 'utf8')
const granted = (parse(text) as { includedPermissions: string[] }).includedPermissions
/** What the real API asks besides stands after this line. */
const [first = ''] = text.split('# Asked besides')

test('the role is enough for the whole life of a machine, and nothing in it is for nothing', async () => {
  const principals = { simulated: { permissions: granted } }
  await using world = await simulated(
    { principals, defaultNetwork: false },
    { market: 'spot', display: true },
    'interrupt:x1',
  )
  await life(world.session)
  const used = new Set(
    world
      .operations()
      .filter((operation) => !operation.startsWith('storage.'))
      .map((operation) => permissionFor(operation)),
  )
  expect([...used].filter((permission) => !granted.includes(permission))).toEqual([])
  expect(granted.filter((permission) => first.includes(permission) && !used.has(permission))).toEqual([])
})

test('without a permission the refusal names it', async () => {
  const principals = { simulated: { permissions: granted.filter((one) => one !== 'compute.instances.create') } }
  await using world = await simulated({ principals })
  await expect(world.session.launch({ image: 'debian-13' })).rejects.toMatchObject({
    kind: 'auth',
    message: expect.stringContaining('compute.instances.create') as string,
  })
})

test('a token that is over is a matter of credentials', async () => {
  await using world = await simulated({ principals: { simulated: { expires: Date.now() - 1 } } })
  await expect(world.session.resolveImage('debian-13')).rejects.toMatchObject({ kind: 'auth' })
})

async function life(session: Session): Promise<void> {
  const taken = await session.launch({ image: 'debian-13' })
  const said = () => taken.state().catch((error: Error) => error.message)
  await expect.poll(said, { timeout: 10_000 }).toContain('taken away')
  await taken.destroy()
  const instance = await session.launch({ image: 'debian-13' })
  const { machine } = instance
  await machine.hostKeys?.()
  await machine.screenshot?.()
  const waiting = { deadlineMs: 10_000 }
  await machine.restart({ ...waiting, force: true })
  await machine.restart(waiting)
  await machine.removeDisk((await machine.addDisk({ sizeGiB: 1 })).id)
  await machine.removeNic((await machine.addNic()).id)
  const { id } = await machine.snapshot('one', waiting)
  await session.resolveImage(id)
  const resources = await session.resources()
  await instance.destroy()
  for (const resource of resources) await session.remove(resource)
}
