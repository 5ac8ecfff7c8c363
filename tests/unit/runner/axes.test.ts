import { expect, test } from 'vitest'
import { FakeCloud } from '../../../src/platforms/fake/client.ts'
import fake from '../../../src/platforms/fake/platform.ts'
import { fakeRun, testFolder } from './fake-run.ts'

test('an image of another architecture is refused, with what to do', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const axes = { platform: ['fake'], image: ['debian-13'], architecture: ['amd64', 'arm64'] }
  const run = await fakeRun(folder.path, { matrix: { axes } })
  expect(run.ends.map(({ cell, status }) => [cell, status]).toSorted()).toEqual([
    ['fake/debian-13/default/default,architecture=amd64', 'pass'],
    ['fake/debian-13/default/default,architecture=arm64', 'error'],
  ])
  const refused = run.ends.find((end) => end.cell.includes('arm64'))
  expect(refused?.error).toMatchObject({
    message: 'the image debian-13 is for x86_64, the cell is for arm64',
    hint: 'name an image for it: defaults: [{for: {architecture: arm64}, from: IMAGE}]',
  })
})

test('a launch gives a machine its disks and network cards', async () => {
  const session = await fake.open({ world: 'extras' })
  const owner = { runId: 'r', cell: 'c', attempt: 1, expires: '' }
  const launch = { image: 'debian-13', name: 'm', owner, deadlineMs: 1000 }
  const machine = await session.launch({ ...launch, disks: [{ sizeGiB: 1 }, { sizeGiB: 2 }], nics: 1 })
  const record = FakeCloud.open('extras').machines.get(machine.id)
  expect([record?.disks.size, record?.nics.size]).toEqual([2, 2])
})
