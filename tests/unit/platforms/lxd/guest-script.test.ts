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
  expect(azure).not.toContain('ip route add')
  const vultr = guestScript(CLOUDS.vultr, newDocument(CLOUDS.vultr, 'a'), 'x')
  expect(vultr).toContain('ip route add 169.254.169.254/32 dev lo')
  expect(guestScript(CLOUDS.gce, newDocument(CLOUDS.gce, 'a'), 'x')).toContain(
    '169.254.169.254 metadata.google.internal metadata',
  )
})

it('shows the provisioning disc to who mounts the drive, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'guest-script-'))
  try {
    const script = guestScript(CLOUDS.azure, newDocument(CLOUDS.azure, 'a', { hostname: 'web-1' }), 'x')
    expect(script).toContain('<ns1:HostName>web-1</ns1:HostName>')
    expect(guestScript(CLOUDS.ec2, newDocument(CLOUDS.ec2, 'a'), 'x')).not.toContain('/usr/local/bin/mount')
    const mount = /cat > \/usr\/local\/bin\/mount <<'HARNESS_END'\n(.*?)\nHARNESS_END/s.exec(script)?.[1] ?? ''
    const path = join(folder, 'mount')
    await writeFile(path, mount.replaceAll('/usr/bin/mount', 'echo mount'))
    const run = (...words: string[]) => runHost(['sh', path, ...words], { deadlineMs: 10_000 })
    expect(await run('-o', 'ro', '/dev/sr0', '/run/tmp')).toBe(
      'mount --bind /usr/local/lib/harness-cloud-identity/disc /run/tmp\n',
    )
    expect(await run('-t', 'proc', 'none', '/proc x')).toBe('mount -t proc none /proc x\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
