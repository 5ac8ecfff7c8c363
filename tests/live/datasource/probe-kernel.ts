import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { probeHost, runHost } from '../../../src/core/subprocess.ts'
import { openAtRest } from '../../../src/images/index.ts'

/** Where the kernel and its initial file system are, the latter with a program of ours that runs instead of any system. */
export interface ProbeKernel {
  path: string
  initrd: string
  arguments: string
}

/** Why there is no kernel to probe with, with the command that lifts it. */
export async function whyNoProbe(): Promise<string | undefined> {
  const tools = await probeHost(['sh', '-c', 'command -v busybox && command -v cpio'], { deadlineMs: 10_000 })
  return tools.exitCode === 0 ? undefined : 'needs busybox and cpio: apt-get install busybox cpio'
}

/** Takes the kernel of a disk image and puts busybox and the script beside it: seconds of emulation instead of minutes. */
export async function probeKernel(folder: string, disk: string, script: string): Promise<ProbeKernel> {
  await using rest = await openAtRest(disk, {})
  const boot = join(rest.root, 'boot')
  const names = await readdir(boot)
  const read = async (prefix: string) => {
    const path = join(boot, names.find((name) => name.startsWith(prefix)) ?? prefix)
    return await readFile(path)
  }
  const [kernel, initrd] = [await read('vmlinuz'), await read('initrd')]
  const path = join(folder, 'vmlinuz')
  await writeFile(path, kernel)
  const whole = join(folder, 'initrd')
  // Archives that follow each other must begin at a multiple of four.
  await writeFile(whole, Buffer.concat([initrd, Buffer.alloc(-initrd.length & 3), await archive(folder, script)]))
  return { path, initrd: whole, arguments: 'console=ttyS0 quiet rdinit=/probe' }
}

const WAIT = { deadlineMs: 60_000 }

/** In a folder of its own, with its own libraries: those of the image are for the image's programs. */
async function archive(folder: string, script: string): Promise<Buffer> {
  const tree = join(folder, 'tree')
  await mkdir(join(tree, 'tools'), { recursive: true })
  const busybox = (await runHost(['sh', '-c', 'command -v busybox'], WAIT)).trim()
  const libraries = (await probeHost(['ldd', busybox], WAIT)).stdout.match(/\/\S+/g) ?? []
  for (const file of [busybox, ...libraries])
    await writeFile(join(tree, 'tools', basename(file)), await readFile(file), { mode: 0o755 })
  const loader = libraries.map((file) => basename(file)).find((name) => name.startsWith('ld-'))
  const tools = loader ? `/tools/${loader} --library-path /tools /tools/busybox` : '/tools/busybox'
  await writeFile(join(tree, 'probe'), `#!/usr/bin/sh\nB="${tools}"\n${script}`, { mode: 0o755 })
  const pack = 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"'
  await runHost(['sh', '-c', pack, 'sh', tree, join(folder, 'more.cpio')], WAIT)
  return await readFile(join(folder, 'more.cpio'))
}
