import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheDir } from '../../../src/core/paths.ts'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import type { ImageManifest } from '../../../src/images/index.ts'

/** Why there is no such image, with the command that lifts it. */
export async function whyNoQuickImage(): Promise<string | undefined> {
  const tools = await probeHost(['sh', '-c', 'command -v busybox && command -v mksquashfs'], WAIT)
  return tools.exitCode === 0 ? undefined : 'needs busybox and mksquashfs: apt-get install busybox squashfs-tools'
}

/**
 * The name of an image that boots in a moment: BusyBox, a script as init, an agent that does nothing. For tests of what the harness
 * does around a guest, where a whole system would only cost processor time.
 */
export async function quickImage(): Promise<string> {
  const busybox = (await runHost(['sh', '-c', 'readlink -f "$(command -v busybox)"'], WAIT)).trim()
  const libraries = (await probeHost(['ldd', busybox], WAIT)).stdout.match(/\/\S+/g) ?? []
  const hash = createHash('sha256').update(INIT).update(AGENT)
  for (const file of [busybox, ...libraries]) hash.update(await readFile(file))
  const digest = hash.digest('hex')
  const folder = join(cacheDir(), 'images', NAME, digest)
  if (existsSync(folder)) return NAME

  await mkdir(dirname(folder), { recursive: true })
  // On the same file system: whole or not at all.
  const made = await mkdtemp(join(cacheDir(), 'quick-image-'))
  const tree = await mkdtemp(join(tmpdir(), 'quick-image-'))
  try {
    for (const path of ['bin', 'sbin', 'usr/bin', 'etc', 'dev', 'proc', 'sys', 'run', 'root', 'tmp', 'var/log'])
      await mkdir(join(tree, path), { recursive: true })
    await copyFile(busybox, join(tree, 'bin/busybox'))
    for (const file of libraries) {
      await mkdir(dirname(join(tree, file)), { recursive: true })
      await copyFile(file, join(tree, file))
    }
    const applets = (await runHost([busybox, '--list'], WAIT)).trim().split('\n')
    for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(tree, 'bin', applet))
    await writeFile(join(tree, 'sbin/init'), INIT, { mode: 0o755 })
    await writeFile(join(tree, 'usr/bin/cloud-init'), AGENT, { mode: 0o755 })
    await writeFile(join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
    await writeFile(join(tree, 'etc/group'), 'root:x:0:\n')
    await writeFile(join(tree, 'etc/os-release'), 'ID=busybox\nVERSION_ID=1\nNAME=BusyBox\n')
    const rootfs = join(made, 'rootfs.squashfs')
    await runHost(['mksquashfs', tree, rootfs, '-all-root', '-noappend', '-quiet', '-no-progress'], WAIT)
    // LXD 5.0 ends with a panic when there are no properties.
    const about = `architecture: ${MACHINE}\ncreation_date: 1\nproperties: {os: busybox, release: "1"}\n`
    await writeFile(join(made, 'metadata.yaml'), about)
    const metadata = join(made, 'metadata.tar.xz')
    await runHost(['tar', '-C', made, '-cJf', metadata, 'metadata.yaml'], WAIT)
    await writeFile(join(made, 'manifest.json'), JSON.stringify(manifestOf(digest)))
    await rename(made, folder).catch(() => undefined)
  } finally {
    await rm(made, { recursive: true, force: true })
    await rm(tree, { recursive: true, force: true })
  }
  return NAME
}

function manifestOf(digest: string): ImageManifest {
  return {
    schema: 1,
    name: NAME,
    digest,
    recipeDigest: digest,
    description: 'boots in a moment',
    distribution: 'busybox',
    release: '1',
    codename: '1',
    variant: 'default',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    epoch: 0,
    serial: '19700101',
    packages: [],
    files: 0,
    sizes: { rootfs: 0, metadata: 0, installed: 0 },
    sha256: { rootfs: '', metadata: '' },
    builtAt: new Date().toISOString(),
    durationMs: 0,
  }
}

const NAME = 'quick'
const WAIT = { deadlineMs: 60_000 }
const MACHINE = process.arch === 'arm64' ? 'aarch64' : 'x86_64'

/** LXD asks an init to stop by SIGPWR, `reboot` of BusyBox by SIGTERM. The sleep is long, so that an idle guest costs nothing. */
const INIT = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin
trap 'poweroff -f' PWR USR1 USR2
trap 'reboot -f' TERM
hostname -F /etc/hostname 2>/dev/null
mkdir -p /run/cloud-init
cp /proc/sys/kernel/random/boot_id /run/cloud-init/result.json
while :; do sleep 86400 & wait $!; done
`

const AGENT = `#!/bin/sh
case $1 in
  status) echo '{"status": "done", "datasource": "none", "detail": "", "errors": []}' ;;
  clean) rm -rf /run/cloud-init ;;
  --version) echo /usr/bin/cloud-init 0.1 ;;
esac
`
