import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runHost } from '../../../../src/core/subprocess.ts'
import { CLOUDS } from '../../../../src/imds/clouds.ts'
import { newDocument } from '../../../../src/imds/document.ts'
import { guestScript } from '../../../../src/platforms/lxd/cloud/guest-script.ts'

it.each(Object.values(CLOUDS))('the script of $name is one a shell understands', async (cloud) => {
  const folder = await mkdtemp(join(tmpdir(), 'guest-script-'))
  try {
    const path = join(folder, 'script')
    await writeFile(path, guestScript(cloud, newDocument(cloud, "it's"), 'launch-1'))
    await runHost(['sh', '-n', path], { deadlineMs: 10_000 })
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('tells the addresses, names and firmware of the cloud', () => {
  const azure = guestScript(CLOUDS.azure, newDocument(CLOUDS.azure, 'a'), 'x')
  expect(azure).toContain('ip address add 169.254.169.254/32 dev lo scope host')
  expect(azure).toContain('ip address add 168.63.129.16/32 dev lo scope host')
  expect(azure).toContain("printf '%s\\n' '7783-7084-3265-9085-8269-3286-77'")
  expect(guestScript(CLOUDS.gce, newDocument(CLOUDS.gce, 'a'), 'x')).toContain(
    '169.254.169.254 metadata.google.internal metadata',
  )
})
