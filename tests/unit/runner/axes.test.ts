import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FakeCloud } from '../../../src/platforms/fake/client.ts'
import fake from '../../../src/platforms/fake/platform.ts'
import { checksAt, FACTS, fakeRun, testFolder } from './fake-run.ts'

test('an image of another architecture is refused, with what to do', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const axes = { platform: ['fake'], image: ['debian-13'], architecture: ['amd64', 'arm64'] }
  const run = await fakeRun(folder.path, { matrix: { axes } })
  expect(Object.fromEntries(run.ends.map(({ cell, status }) => [cell, status]))).toEqual({
    'fake/debian-13/default/default,architecture=amd64': 'pass',
    'fake/debian-13/default/default,architecture=arm64': 'error',
  })
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

test('a secret that came from the environment is in no file of a run', { timeout: 30_000 }, async () => {
  using folder = testFolder()
  const secret = 'C1zyxwvutsrq'
  process.env['TEST_PRO_TOKEN'] = secret
  try {
    const run = await fakeRun(folder.path, {
      matrix: {
        'from-environment': ['TEST_PRO_TOKEN'],
        suites: ['regression'],
        checks: [checksAt('script.sh')],
        agent: { source: 'command:echo attached with ${TEST_PRO_TOKEN} > /dev/null' },
        environment: { CLOSELY: '${TEST_PRO_TOKEN}' },
        'user-data': '#cloud-config\n# ${TEST_PRO_TOKEN}\n',
      },
      platform: { answers: [...FACTS, { command: 'dpkg-query', stdout: 'cloud-init\t25.1\n' }] },
    })
    expect(run.records.map(({ reason }) => reason)).toContain('looked ***')
    const files = readdirSync(run.runDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const leaks = files.filter((file) => readFileSync(join(file.parentPath, file.name), 'utf8').includes(secret))
    expect(leaks.map((file) => file.name)).toEqual([])
    expect(files.length).toBeGreaterThan(2)
  } finally {
    delete process.env['TEST_PRO_TOKEN']
  }
})
